"""Contact sheets and previews through the running app: order of updates, ownership, and explanations."""

import json
import re
import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import pytest
from ui.conftest import Page

from meitu_demo.domain.translations import translate
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec
from meitu_demo.ui import face_crop_cache


@pytest.fixture
def tab() -> str:
    """A browser's tab, which is a session."""
    return secrets.token_hex(16)


def updates(answer: str) -> list[str]:
    """What stood in the sheet's or the preview's place, one after the other."""
    found = []
    for message in json.loads(answer):
        data = (message.get("output") or {}).get("data") or []
        if data and isinstance(data[0], str):
            found.append(data[0])
        elif data and message["msg"] == "process_generating":
            found += [change[2] for change in data[0] if change[0] == "replace"]
    return found


def see(page: Page, kind: str, photo: Any, tab: str, values: list[Any], slug: str = "facial-aesthetics") -> list[str]:
    return updates(page.press(f"{slug}-see", [photo, *values, tab, kind]))


def moved(page: Page, photo: Any, tab: str, strength: Any = 0.5, shape: Any = "8") -> str:
    """All that is answered when the slider has moved."""
    return page.press("facial-aesthetics-preview", [photo, shape, strength, tab], "input")


def follow(page: Page, photo: Any, tab: str, strength: Any = 0.5, shape: Any = "8") -> str:
    """The preview after that."""
    return updates(moved(page, photo, tab, strength, shape))[-1]


def test_sheet_is_empty_after_cancellation(
    page: Page, portrait: bytes, tab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late its last update comes: the photo is gone, and what was under way for it is followed by nothing."""
    gate, begun, look = threading.Event(), threading.Event(), face_crop_cache.crop_face

    def held(*given: Any) -> Any:
        begun.set()
        assert gate.wait(60)
        return look(*given)

    monkeypatch.setattr(face_crop_cache, "crop_face", held)
    with ThreadPoolExecutor(1) as pool:
        sheet = pool.submit(see, page, "shapes", page.upload(portrait), tab, ["9", 0.4])
        assert begun.wait(60)
        page.press("facial-aesthetics-sheet", [None, "", tab], "input")
        gate.set()
        shown = sheet.result(60)
    assert shown[0].count("<li>") == 26
    assert shown[-1] == ""


@pytest.mark.parametrize(("kind", "count"), [("shapes", 26), ("strengths", 6)])
def test_sheet_has_its_cells_at_once_and_then_its_pictures(
    kind: str, count: int, page: Page, portrait: bytes, tab: str
) -> None:
    """Skeletons first, one picture next, all in the end; always as many places, and the chosen one marked."""
    shown = see(page, kind, page.upload(portrait), tab, ["9", 0.4 if kind == "strengths" else 1])
    assert [update.count("<li>") for update in shown] == [count] * len(shown)
    pictures = [update.count("<img") for update in shown]
    assert (pictures[:2], pictures[-1]) == ([0, 1], count)
    assert pictures == sorted(pictures)
    assert all(update.count("disabled") == count - has for update, has in zip(shown, pictures, strict=True))
    chosen = {"shapes": "[&#34;9&#34;, 1.0]", "strengths": "[&#34;9&#34;, 0.4]"}[kind]
    assert re.findall(r'data-action="([^"]*)" aria-pressed="true"', shown[-1]) == [chosen]
    assert len(set(re.findall(r'src="(data:image/jpeg;base64,[^"]+)"', shown[-1]))) == count


def test_preview_follows_the_controls(page: Page, portrait: bytes, tab: str) -> None:
    """The preview changes with strength and shape, is the photo itself at 0, and its text says which."""
    photo = page.upload(portrait)
    seen = [follow(page, photo, tab, strength, shape) for strength, shape in [(0.5, "8"), (1, "8"), (1, "2"), (0, "2")]]
    assert len(set(seen)) == 4
    assert "Strength 0.5" in seen[0]
    assert "kept/" not in "".join(seen)


def test_face_is_detected_once_a_photo(page: Page, portrait: bytes, tab: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One detection serves all slider moves and sheets; another photo is detected again."""
    from meitu_demo.ui import face_crop_cache

    looked: list[int] = []
    look = face_crop_cache.crop_face
    monkeypatch.setattr(face_crop_cache, "crop_face", lambda *given: looked.append(1) or look(*given))
    first, second = page.upload(portrait), page.upload(portrait)
    for strength in (0.1, 0.2, 0.3):
        follow(page, first, tab, strength)
    see(page, "shapes", first, tab, ["8", 0.5])
    assert len(looked) == 1
    follow(page, second, tab)
    assert len(looked) == 2


def test_face_crop_belongs_to_the_session_and_is_deleted_with_it(page: Page, portrait: bytes, tab: str) -> None:
    """The crop is counted and deleted with the session's data; another session's crop of the same photo stays."""
    photo, other, theirs = page.upload(portrait), secrets.token_hex(16), page.upload(portrait)
    follow(page, photo, tab)
    follow(page, theirs, other)
    told = page.press("delete-data", [tab])
    assert translate("delete_data.deleted", "en", parts="files on disk 1, pictures in memory 1") in told
    assert translate("delete_data.nothing", "en") in told
    assert translate("errors.photo_not_uploaded.title", "en") in moved(page, photo, tab)
    assert "<img" in follow(page, theirs, other)


def test_sheet_refuses_a_file_that_is_no_upload(page: Page, tab: str) -> None:
    """Another file of the server, named like an upload, is refused, and none of its content is shown."""
    photo = {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}
    answers = moved(page, photo, tab), page.press("facial-aesthetics-see", [photo, "8", 0.5, tab, "shapes"])
    assert all(translate("errors.photo_not_uploaded.title", "en") in answer for answer in answers)
    assert "<img" not in "".join(answers)


@pytest.mark.parametrize(
    ("kind", "slug"), [("none", "photo_missing"), ("faceless", "no_face"), ("text", "image_wrong_kind")]
)
def test_sheet_error_explains_in_one_line(kind: str, slug: str, page: Page, faceless: bytes, tab: str) -> None:
    """No photo, no face and an invalid file are explained in a run's words, each time."""
    files = {"faceless": faceless, "text": b"no picture"}
    photo = page.upload(files[kind]) if kind in files else None
    title = translate(f"errors.{slug}.title", "en")
    for _ in range(2):
        assert title in see(page, "shapes", photo, tab, ["8", 0.5])[-1]
        assert (title if photo else "") in follow(page, photo, tab)


def test_sheet_says_that_several_faces_were_found(page: Page, tab: str) -> None:
    """The largest face is drawn, and the sheet says so."""
    photo = load_astronaut()[0:320, 60:380]
    both = page.upload(codec.encode(np.hstack([photo, photo])))
    assert translate("preflight.several.warn", "en", count=2) in see(page, "shapes", both, tab, ["8", 0.5])[-1]


def test_sheet_explains_invalid_values(page: Page, portrait: bytes, tab: str) -> None:
    """An unknown shape or strength is explained."""
    photo = page.upload(portrait)
    title = translate("errors.value_rejected.title", "en")
    for values in (["99", 0.5], [None, None]):
        assert title in see(page, "shapes", photo, tab, values)[-1]
        assert "<img" not in follow(page, photo, tab, values[1], values[0])
    for values in (["8", "much"], [{"a": 1}, [2]]):  # what the controls cannot hold is refused before the sheet begins
        for answer in (
            page.press("facial-aesthetics-see", [photo, *values, tab, "shapes"]),
            moved(page, photo, tab, values[1], values[0]),
        ):
            assert title in answer
            assert "<img" not in answer


def test_sheet_pictures_have_no_url(page: Page, portrait: bytes, tab: str) -> None:
    """Pictures travel inside the answers, which name nothing that is stored."""
    shown = see(page, "strengths", page.upload(portrait), tab, ["8", 0.5])
    assert not re.search(r'(?:src|href)="(?!data:)', "".join(shown))
    assert httpx.get(f"{page.url}/kept/{tab}/face.jpg").status_code == 404
