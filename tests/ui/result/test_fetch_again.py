"""A paid picture whose download failed: the free button, the history, the API and MCP fetch it and make no call."""

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from ui.conftest import Page, serve, vendor

from meitu_demo.calls import download, pipeline
from meitu_demo.domain.errors import LinkRejected
from meitu_demo.settings import Settings

SLUG, VALUES = "facial-aesthetics", ["8", 0.5]
BUTTONS = 'class=\\"available fetch again offline\\"'


@pytest.fixture(scope="module")
def paying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The app with an AILabTools key; the vendor is our own server, which answers with links."""
    with vendor() as url:
        folder = str(tmp_path_factory.mktemp("ledger"))
        yield from serve(Settings.from_env({"AILAB_API_KEY": "any", "AILAB_BASE_URL": url, "DATA_DIR": folder}))


class BrokenLinks:
    """Counts the calls to vendors, and fails as many downloads as `failures` says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls = self.failures = 0
        exchange, fetch = pipeline.exchange, download.download_result

        async def count(*arguments: Any) -> httpx.Response:
            self.calls += 1
            return await exchange(*arguments)

        async def fail_or_fetch(*arguments: Any, **options: Any) -> bytes:
            if self.failures:
                self.failures -= 1
                raise LinkRejected(cause="network")
            return await fetch(*arguments, **options)

        monkeypatch.setattr(pipeline, "exchange", count)
        monkeypatch.setattr(download, "download_result", fail_or_fetch)


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> BrokenLinks:
    return BrokenLinks(monkeypatch)


def test_panel_fetches_the_picture_again_without_a_call(paying: Page, links: BrokenLinks, portrait: bytes) -> None:
    """Even with other values in the panel, the button only downloads; the paid call is on a button of its own."""
    links.failures = 2
    photo, tab, session = paying.upload(portrait), secrets.token_hex(16), f"s{secrets.token_hex(8)}"
    assert BUTTONS in paying.run(SLUG, VALUES, photo, tab, consent=True, session=session)
    inputs = [photo, "3", 1.0, True, tab, None, None]
    assert BUTTONS in paying.press(f"{SLUG}-fetch", inputs, session=session)
    fetched = paying.press(f"{SLUG}-fetch", inputs, session=session)
    assert "kept/" in fetched
    assert f"{SLUG}_8_0.5" in fetched
    assert links.calls == 1
    assert "kept/" in paying.press(f"{SLUG}-again", [photo, *VALUES, True, tab, None, None], session=session)
    assert links.calls == 2


def test_history_fetches_the_picture_of_a_failed_run(paying: Page, links: BrokenLinks, portrait: bytes) -> None:
    """The failed run offers it and is replaced by the result; another tab's history cannot fetch it."""
    links.failures = 1
    tab, other_tab = secrets.token_hex(16), secrets.token_hex(16)
    paying.run(SLUG, VALUES, paying.upload(portrait), tab, consent=True)
    listing = paying.press("history-tab", [tab, "", ""], "select")
    assert 'class=\\"available fetch open\\"' in listing
    [key] = re.findall(r'data-run=\\"(\w+)', listing)
    assert "kept/" not in paying.press("history-fetch", [other_tab, key, ""])
    fetched = paying.press("history-fetch", [tab, key, ""])
    assert "kept/" in fetched
    assert len(re.findall(r"data-run=", fetched)) == 1
    assert links.calls == 1


def test_api_says_how_to_fetch_the_picture_again(paying: Page, links: BrokenLinks, portrait: bytes) -> None:
    """The same call in the same session downloads only, as the failure says."""
    links.failures = 1
    photo, session = paying.upload(portrait), f"s{secrets.token_hex(8)}"
    url = f"{paying.url}/gradio_api/call/facial_aesthetics"
    answers = []
    for _ in range(2):
        body = {"data": [photo, *VALUES, True, False], "session_hash": session}
        event = httpx.post(url, json=body).json()["event_id"]
        answers.append(httpx.get(f"{url}/{event}", timeout=60).text)
    assert "To fetch only the picture again, for nothing" in json.loads(answers[0].rpartition("data: ")[2])["error"]
    assert '"repeated": true' in answers[1]
    assert links.calls == 1
