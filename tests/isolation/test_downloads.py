"""The same photo by many visitors at once, again and again: each download is whole and belongs to its visitor."""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from ui.conftest import Page, serve

from isolation.patient_client import create_patient_client
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance
from meitu_demo.settings import Settings

pytestmark = pytest.mark.soak
WHOLE, TENTH = (32, 20), (4, 16)  # visitors, and how often each comes
SHAPE, STRENGTH = "8", 0.5


@pytest.fixture
def app_page() -> Iterator[Page]:
    """The app as `app.py` makes it."""
    for page in serve(Settings.from_env({}), single_use_links=True):
        page.http = create_patient_client()
        assert page.config
        yield page


def fetch(client: httpx.Client, url: str) -> bytes:
    """The body at `url`, whose length is the one that the server declares."""
    response = client.get(url)
    assert response.status_code == 200, url
    assert int(response.headers["content-length"]) == len(response.content)
    return response.content


def run_by_api(page: Page, photo: Any) -> tuple[str, bytes, bytes]:
    """(result id, download, picture) of an API call; the download equals the file on the server's disk."""
    event, answer = page.call("facial_aesthetics", photo, SHAPE, STRENGTH, False, False)
    assert event == "complete", answer
    file, report = answer
    data = fetch(page.http, file["url"])
    assert hashlib.sha256(data).digest() == hashlib.sha256(Path(file["path"]).read_bytes()).digest()
    return report["receipt"]["result_id"], data, b""


def run_by_page(page: Page, photo: Any, tab: str) -> tuple[str, bytes, bytes]:
    """(result id, download, picture) of a click on the page."""
    shown = page.run("facial-aesthetics", [SHAPE, STRENGTH], photo, tab)
    path = re.search(r"kept/[\w-]+/facial-aesthetics[\w.-]+\.jpg", shown)
    result_id = re.search(r"<dd>([0-9a-f]{32})</dd>", shown)
    assert path, shown
    assert result_id, shown
    address = f"{page.url}/{path[0]}"
    return result_id[1], fetch(page.http, address.replace("/kept/", "/download/")), fetch(page.http, address)


def run_in_turn(page: Page, number: int, times: int) -> list[tuple[str, bytes, bytes]]:
    """Takes the example photo, then runs it by page and by API in turn."""
    tab = f"{number:032x}"
    example = re.search(
        r'"path": "([^"]+astronaut\.jpg)"', page.press("load-example", ["astronaut", "facial_aesthetics", tab])
    )
    assert example
    photo = {"path": example[1], "meta": {"_type": "gradio.FileData"}}
    runs = (lambda: run_by_api(page, photo), lambda: run_by_page(page, photo, tab))
    return [runs[turn % 2]() for turn in range(times)]


def test_download_is_whole_and_its_visitors(app_page: Page, request: pytest.FixtureRequest, figure: Any) -> None:
    """Each download decodes, has the declared length, its own result id and no other's, and the same pixels as all."""
    visitors, times = WHOLE if request.config.getoption("--whole") else TENTH
    with ThreadPoolExecutor(visitors) as pool:
        jobs = [pool.submit(run_in_turn, app_page, number, times) for number in range(visitors)]
        results = [result for job in jobs for result in job.result(600)]
    whole_count = 0
    for result_id, download, picture in results:
        for data in filter(None, (download, picture)):
            mark = read_provenance(data)
            assert mark is not None
            assert mark.result_id == result_id
        whole_count += codec.decode(download).size > 0
    assert len({result_id for result_id, _, _ in results}) == len(results)
    assert len({hashlib.sha256(codec.decode(picture)).digest() for _, _, picture in results if picture}) == 1
    assert len({hashlib.sha256(codec.decode(download)).digest() for _, download, _ in results}) == 1
    figure(f"isolation: {whole_count} of {visitors * times} downloads whole, of one photo by {visitors} visitors")
    assert whole_count == visitors * times
