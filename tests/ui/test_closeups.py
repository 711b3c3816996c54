"""A face kept for its session alone, and the line that sheets wait in."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from meitu_demo.desk import SingleFlight
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.errors import ImageRejected
from meitu_demo.fair import FairQueue
from meitu_demo.routes import TargetResolver
from meitu_demo.settings import Settings
from meitu_demo.sheets import crop_face
from meitu_demo.store import PictureStore
from meitu_demo.till import LazyLedger
from meitu_demo.ui import closeups
from meitu_demo.ui.context import Context, Lines
from meitu_demo.ui.guard.belongings import Belongings
from meitu_demo.ui.history.entries import History
from meitu_demo.ui.panel.drawing import Latest, Wish, watch
from meitu_demo.ui.panel.plans import plan
from meitu_demo.ui.screens.rehearsal import Rehearsal
from meitu_demo.ui.visits import Visit
from meitu_demo.words import translate

AESTHETICS = CATALOGUE["facial_aesthetics"]
ME = Visit("tab me", None, "9.9.9.9")


@pytest.fixture
def context(offline_client: httpx.AsyncClient, settings: Settings, tmp_path: Path) -> Context:
    pictures, desk, runs = PictureStore(60), SingleFlight(60), History(60)
    mine = Belongings(tmp_path, pictures, desk, runs, 60)
    return Context(
        offline_client, TargetResolver(settings), pictures, tmp_path, LazyLedger(settings), desk, Lines(breaker=True),
        Rehearsal(settings), mine, FairQueue(1, 2, 60), settings, runs,
    )  # fmt: skip


@pytest.fixture
def photo(portrait: bytes, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "upload" / "me.jpg"
    path.parent.mkdir()
    for name in ("me.jpg", "you.jpg"):
        path.with_name(name).write_bytes(portrait)
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


def wish(photo: Any, visit: Visit = ME) -> Wish:
    sheet, draw = plan(AESTHETICS, "shapes", AESTHETICS.validate({}), "en")
    return Wish(AESTHETICS, visit, "en", photo, sheet, draw, Latest().wish(visit.session, ""))


async def test_a_session_finds_its_own_and_no_other(context: Context, photo: dict[str, Any]) -> None:
    """Even of the same upload, each session has what it found itself; and one deleting leaves the other's."""
    kept = context.closeups
    await kept.of(context, AESTHETICS, photo, ME)
    other = Visit("tab other")
    assert kept.ready(context, AESTHETICS, photo, ME)
    assert not kept.ready(context, AESTHETICS, photo, other)
    assert not kept.ready(context, CATALOGUE["face_fuse"], photo, ME)
    await kept.of(context, AESTHETICS, photo, other)
    assert (context.pictures.count(ME.session), context.pictures.count(other.session)) == (1, 1)
    context.pictures.evict(ME.session)
    assert not kept.ready(context, AESTHETICS, photo, ME)
    assert kept.ready(context, AESTHETICS, photo, other)


async def test_one_photo_at_a_time_and_few_names(
    context: Context, photo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another photo takes the place of the one before; of many sessions, the first is forgotten."""
    monkeypatch.setattr(closeups, "NAMES", 2)
    second = {**photo, "path": photo["path"].replace("me.jpg", "you.jpg")}
    await context.closeups.of(context, AESTHETICS, photo, ME)
    await context.closeups.of(context, AESTHETICS, second, ME)
    assert context.pictures.count(ME.session) == 1
    for name in ("a", "b"):
        await context.closeups.of(context, AESTHETICS, photo, Visit(name))
    assert len(context.closeups._known) == 2
    assert not context.closeups.ready(context, AESTHETICS, second, ME)


async def test_what_is_deleted_while_it_is_looked_for_is_not_kept(
    context: Context, photo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has deleted everything must find nothing new afterwards."""
    begun, gate = threading.Event(), threading.Event()

    def held(*given: Any) -> Any:
        begun.set()
        assert gate.wait(30)
        return crop_face(*given)

    monkeypatch.setattr(closeups, "crop_face", held)
    search = asyncio.create_task(context.closeups.of(context, AESTHETICS, photo, ME))
    assert await asyncio.to_thread(begun.wait, 30)
    await context.mine.delete(ME.session)
    gate.set()
    with pytest.raises(ImageRejected) as gone:
        await search
    assert gone.value.slug == "photo_missing"
    assert not (await context.mine.look(ME.session)).anything


async def test_a_sheet_is_one_place_in_line(context: Context, photo: dict[str, Any]) -> None:
    """Who waits sees the places and the wait; who leaves is gone from the line; beyond the places, an honest no."""
    async with context.turns.slot("somebody else"):
        first, second = watch(context, wish(photo)), watch(context, wish(photo))
        for waiting in (first, second):
            assert (await anext(waiting)).count("disabled") == 22
            assert translate("steps.queue_unknown", "en") in await anext(waiting)
        refused = [update async for update in watch(context, wish(photo))]
        assert translate("errors.crowded_visitor.title", "en") in refused[-1]
        await second.aclose()
        await asyncio.sleep(0)
        assert context.turns._pending["9.9.9.9"] == 1
    shown = [update async for update in first]
    assert shown[-1].count("<img") == 22
    assert not context.turns._pending


async def test_a_fault_of_ours_is_told_and_frees_the_slot(context: Context, photo: dict[str, Any]) -> None:
    """The sheet ends in words, not in silence, and the next one is drawn."""

    def broken(closeup: Any) -> Any:
        raise RuntimeError("no such thing")

    faulty = Wish(AESTHETICS, ME, "en", photo, wish(photo).sheet, broken, lambda: True)
    shown = [update async for update in watch(context, faulty)]
    assert translate("errors.unexpected.title", "en") in shown[-1]
    assert "no such thing" not in "".join(shown)
    assert not context.turns._pending


def test_a_wish_is_wanted_until_another_photo_or_another_wish_comes() -> None:
    """The same photo told once more changes nothing, nor does what another session does."""
    latest, photo = Latest(), "/up/me.jpg"
    first, theirs = latest.wish("me", photo), latest.wish("you", photo)
    assert not latest.take_back("me", photo)
    assert first()
    second = latest.wish("me", photo)
    assert (first(), second()) == (False, True)
    assert latest.any("me")
    assert latest.take_back("me", "")
    assert (second(), theirs()) == (False, True)
    assert (latest.any("me"), latest.any("you")) == (False, True)
