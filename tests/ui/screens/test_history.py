"""The history of the running app: each tab has its own runs, which no other tab can see, fetch or delete."""

import io
import json
import re
import zipfile
from typing import Any

import httpx
import pytest
from ui.conftest import Page

MINE, THEIRS = "1" * 32, "2" * 32


def opened(page: Page, tab: str, key: Any = "", other: Any = "") -> str:
    """What the tab's history answers when it is opened."""
    return page.press("history-tab", [tab, key, other], "select").replace('\\"', '"')


def shown(page: Page, tab: str, key: Any, other: Any = "") -> str:
    """What the stage shows of a run, or of two."""
    return page.press("history-list", [tab, key, other], "input").replace('\\"', '"')


def keys(html: str) -> list[str]:
    return re.findall(r'data-run="(\w+)"', html)


@pytest.fixture
def archive(page: Page, portrait: bytes, faceless: bytes) -> Any:
    """Two results and a failure of one tab, and one result of another; their archives' addresses."""
    for tab in (MINE, THEIRS):
        page.press("delete-data", [tab])
    photo = page.upload(portrait)
    page.run("facial-aesthetics", ["8", 0.5], photo, MINE)
    page.run("facial-aesthetics", ["3", 1.0], photo, MINE)
    page.run("face-fuse", ["lion"], page.upload(faceless), MINE)
    page.run("face-fuse", ["lion"], None, MINE)  # without a photo nothing was run, and nothing is listed
    page.run("facial-aesthetics", ["9", 0.25], page.upload(portrait), THEIRS)
    found = [re.search(r'archive/[^"]+', opened(page, tab)) for tab in (MINE, THEIRS)]
    return [f"{page.url}/{link[0]}" for link in found if link]


def test_history_shows_no_other_sessions_runs(page: Page, archive: list[str]) -> None:
    """Not in the list, by key, in a comparison or by the controls; each archive has its own session's runs."""
    mine, theirs = opened(page, MINE), opened(page, THEIRS)
    assert (len(keys(mine)), len(keys(theirs))) == (3, 1)
    failed, second, first = keys(mine)
    [other] = keys(theirs)
    assert "No face was found" in shown(page, MINE, failed)
    assert "kept/" in shown(page, MINE, first)
    assert shown(page, MINE, first, second).count('class="side"') == 2
    assert "kept/" not in shown(page, MINE, other)
    assert "kept/" not in shown(page, MINE, first, other)
    assert "kept/" not in shown(page, "", first)
    assert '"8"' in page.press("history-rerun", [MINE, first, ""])
    assert '"9"' not in page.press("history-rerun", [MINE, other, ""])
    assert not set(re.findall(r"(?:kept|archive)/[\w-]+", mine)) & set(re.findall(r"(?:kept|archive)/[\w-]+", theirs))
    told = [json.loads(zipfile.ZipFile(io.BytesIO(httpx.get(url).content)).read("runs.json")) for url in archive]
    shapes = [[run["settings"].get("shape_type") for run in found["runs"]] for found in told]
    assert shapes == [["8", "3", None], ["9"]]


def test_history_archive_opens_by_its_token_only(page: Page, archive: list[str]) -> None:
    """No other kind of token, path trick or session ID opens it; it is sent as a file, uncached."""
    answer = httpx.get(archive[0])
    assert answer.headers["content-type"] == "application/zip"
    assert re.search(r'attachment; filename="portrait-runs_[\d-]+\.zip"', answer.headers["content-disposition"])
    assert "no-store" in answer.headers["cache-control"]
    token = archive[0].split("/")[-2]
    picture = re.search(r"kept/([\w-]+)/", opened(page, MINE))
    assert picture
    tricks = (picture[1], MINE, f"tab {MINE}", keys(opened(page, MINE))[0], token[:-1], f"{token}x", "..", "%2e%2e", "")
    for trick in (*tricks, f"..%2f{token}", f"{token}%00", f"x/../{token}/y"):
        assert httpx.get(f"{page.url}/archive/{trick}/runs.zip").status_code == 404, trick
    for door in ("kept", "download"):
        assert httpx.get(f"{page.url}/{door}/{token}/runs.zip").status_code == 404


def test_history_deletion_leaves_other_sessions_alone(page: Page, archive: list[str]) -> None:
    """Runs, pictures and archive are gone at once, also from the inventory; another session's are complete."""
    key = keys(opened(page, MINE))[0]
    told = page.press("delete-data", [MINE])
    assert "runs in your history 3" in told
    assert "Checked: nothing left" in told
    assert "No runs in this tab" in opened(page, MINE)
    assert "no longer kept" in shown(page, MINE, key)
    assert [httpx.get(url).status_code for url in archive] == [404, 200]
    assert len(keys(opened(page, THEIRS))) == 1


def test_history_run_without_pictures_says_so_and_can_run_again(
    page: Page, archive: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store had no room for them: the settings are there, and so is the button."""
    from meitu_demo.runtime.picture_store import PictureStore

    first = keys(opened(page, MINE))[-1]
    monkeypatch.setattr(PictureStore, "get", lambda store, token: None)
    assert "pictures deleted" in opened(page, MINE)
    html = shown(page, MINE, first)
    assert "The pictures of this run are deleted." in html
    assert 'class="available rerun"' in html
    assert '"8"' in page.press("history-rerun", [MINE, first, ""])
