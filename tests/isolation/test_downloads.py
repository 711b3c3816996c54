"""The same photo by many visitors at once, again and again: each download is whole, and its visitor's own."""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from ui.conftest import Page, serve

from isolation.patient_client import patient
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.settings import Settings

pytestmark = pytest.mark.soak
WHOLE, TENTH = (32, 20), (4, 16)  # visitors, and how often each comes
SHAPE, STRENGTH = "8", 0.5


@pytest.fixture
def own_page() -> Iterator[Page]:
    """The app as `app.py` makes it."""
    for page in serve(Settings.from_env({}), once=True):
        page.http = patient()
        assert page.config
        yield page


def fetched(client: httpx.Client, url: str) -> bytes:
    """What lies there, as long as the server says."""
    response = client.get(url)
    assert response.status_code == 200, url
    assert int(response.headers["content-length"]) == len(response.content)
    return response.content


def by_api(page: Page, photo: Any) -> tuple[str, bytes, bytes]:
    """(result id, download, picture) of an API call; the file is what lies on the server's disk."""
    event, answer = page.call("facial_aesthetics", photo, SHAPE, STRENGTH, False, False)
    assert event == "complete", answer
    file, report = answer
    data = fetched(page.http, file["url"])
    assert hashlib.sha256(data).digest() == hashlib.sha256(Path(file["path"]).read_bytes()).digest()
    return report["receipt"]["result_id"], data, b""


def by_page(page: Page, photo: Any, tab: str) -> tuple[str, bytes, bytes]:
    """The same of a click; the page shows the id, and the picture that the download was made of."""
    shown = page.run("facial-aesthetics", [SHAPE, STRENGTH], photo, tab)
    kept = re.search(r"kept/[\w-]+/facial-aesthetics[\w.-]+\.jpg", shown)
    named = re.search(r"<dd>([0-9a-f]{32})</dd>", shown)
    assert kept, shown
    assert named, shown
    address = f"{page.url}/{kept[0]}"
    return named[1], fetched(page.http, address.replace("/kept/", "/download/")), fetched(page.http, address)


def visit(page: Page, number: int, times: int) -> list[tuple[str, bytes, bytes]]:
    """Takes the example photo, then runs it by page and by API in turn."""
    tab = f"{number:032x}"
    example = re.search(r'"path": "([^"]+astronaut\.jpg)"', page.press("facial-aesthetics-example", [tab]))
    assert example
    photo = {"path": example[1], "meta": {"_type": "gradio.FileData"}}
    ways = (lambda: by_api(page, photo), lambda: by_page(page, photo, tab))
    return [ways[turn % 2]() for turn in range(times)]


def test_download_is_whole_and_its_visitors(own_page: Page, request: pytest.FixtureRequest, figure: Any) -> None:
    """It decodes, is as long as said, bears its own id and no other's, and shows what all the others show."""
    visitors, times = WHOLE if request.config.getoption("--whole") else TENTH
    with ThreadPoolExecutor(visitors) as pool:
        jobs = [pool.submit(visit, own_page, number, times) for number in range(visitors)]
        came = [result for job in jobs for result in job.result(600)]
    whole = 0
    for told, download, picture in came:
        for data in filter(None, (download, picture)):
            mark = read_provenance(data)
            assert mark is not None
            assert mark.result_id == told
        whole += codec.decode(download).size > 0
    assert len({told for told, _, _ in came}) == len(came)
    assert len({hashlib.sha256(codec.decode(picture)).digest() for _, _, picture in came if picture}) == 1
    assert len({hashlib.sha256(codec.decode(download)).digest() for _, download, _ in came}) == 1
    figure(f"islands: {whole} of {visitors * times} downloads whole, of one photo by {visitors} visitors at once")
    assert whole == visitors * times
