"""The history of the running app: each tab has its own runs, which no other tab can see, fetch or delete."""

import io
import json
import re
import zipfile
from typing import Any

import httpx
import pytest
from ui.conftest import Page

ONE_TAB, OTHER_TAB = "1" * 32, "2" * 32


def open_history(page: Page, tab: str, key: Any = "", other: Any = "") -> str:
    """What the tab's history answers when it is opened."""
    return page.press("history-tab", [tab, key, other], "select").replace('\\"', '"')


def show_run(page: Page, tab: str, key: Any, other: Any = "") -> str:
    """What the stage shows of a run, or of two."""
    return page.press("history-list", [tab, key, other], "input").replace('\\"', '"')


def list_keys(html: str) -> list[str]:
    return re.findall(r'data-run="(\w+)"', html)


@pytest.fixture
def archive(page: Page, portrait: bytes, faceless: bytes) -> Any:
    """Two results and a failure of one tab, and one result of another; their archives' addresses."""
    for tab in (ONE_TAB, OTHER_TAB):
        page.press("delete-data", [tab])
    photo = page.upload(portrait)
    page.run("facial-aesthetics", ["8", 0.5], photo, ONE_TAB)
    page.run("facial-aesthetics", ["3", 1.0], photo, ONE_TAB)
    page.run("face-fuse", ["lion"], page.upload(faceless), ONE_TAB)
    page.run("face-fuse", ["lion"], None, ONE_TAB)  # without a photo nothing was run, and nothing is listed
    page.run("facial-aesthetics", ["9", 0.25], page.upload(portrait), OTHER_TAB)
    found = [re.search(r'archive/[^"]+', open_history(page, tab)) for tab in (ONE_TAB, OTHER_TAB)]
    return [f"{page.url}/{link[0]}" for link in found if link]


def test_history_shows_no_other_sessions_runs(page: Page, archive: list[str]) -> None:
    """Not in the list, by key, in a comparison or by the controls; each archive has its own session's runs."""
    mine, theirs = open_history(page, ONE_TAB), open_history(page, OTHER_TAB)
    assert (len(list_keys(mine)), len(list_keys(theirs))) == (3, 1)
    failed, second, first = list_keys(mine)
    [other] = list_keys(theirs)
    assert "No face was found" in show_run(page, ONE_TAB, failed)
    assert "kept/" in show_run(page, ONE_TAB, first)
    assert show_run(page, ONE_TAB, first, second).count('class="side"') == 2
    assert "kept/" not in show_run(page, ONE_TAB, other)
    assert "kept/" not in show_run(page, ONE_TAB, first, other)
    assert "kept/" not in show_run(page, "", first)
    assert '"8"' in page.press("history-rerun", [ONE_TAB, first, ""])
    assert '"9"' not in page.press("history-rerun", [ONE_TAB, other, ""])
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
    picture = re.search(r"kept/([\w-]+)/", open_history(page, ONE_TAB))
    assert picture
    key = list_keys(open_history(page, ONE_TAB))[0]
    tricks = (picture[1], ONE_TAB, f"tab {ONE_TAB}", key, token[:-1], f"{token}x", "..", "%2e%2e", "")
    for trick in (*tricks, f"..%2f{token}", f"{token}%00", f"x/../{token}/y"):
        assert httpx.get(f"{page.url}/archive/{trick}/runs.zip").status_code == 404, trick
    for door in ("kept", "download"):
        assert httpx.get(f"{page.url}/{door}/{token}/runs.zip").status_code == 404


def test_history_deletion_leaves_other_sessions_alone(page: Page, archive: list[str]) -> None:
    """Runs, pictures and archive are gone at once, also from the inventory; another session's are complete."""
    key = list_keys(open_history(page, ONE_TAB))[0]
    told = page.press("delete-data", [ONE_TAB])
    assert "runs in your history 3" in told
    assert "Checked: nothing left" in told
    assert "No runs in this tab" in open_history(page, ONE_TAB)
    assert "no longer kept" in show_run(page, ONE_TAB, key)
    assert [httpx.get(url).status_code for url in archive] == [404, 200]
    assert len(list_keys(open_history(page, OTHER_TAB))) == 1


def test_history_run_without_pictures_says_so_and_can_run_again(
    page: Page, archive: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store had no room for them: the settings are there, and so is the button."""
    from meitu_demo.runtime.picture_store import PictureStore

    first = list_keys(open_history(page, ONE_TAB))[-1]
    monkeypatch.setattr(PictureStore, "get", lambda store, token: None)
    assert "pictures deleted" in open_history(page, ONE_TAB)
    html = show_run(page, ONE_TAB, first)
    assert "The pictures of this run are deleted." in html
    assert 'class="available rerun"' in html
    assert '"8"' in page.press("history-rerun", [ONE_TAB, first, ""])
