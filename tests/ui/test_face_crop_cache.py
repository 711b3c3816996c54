"""A face kept for its session alone, and the line that sheets wait in."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.domain.translations import translate
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.contact_sheets import crop_face
from meitu_demo.runtime.fair_queue import FairQueue
from meitu_demo.service import Caller, CallService
from meitu_demo.settings import Settings
from meitu_demo.ui import face_crop_cache
from meitu_demo.ui.context import Context
from meitu_demo.ui.panel.sheet_specs import plan_sheet
from meitu_demo.ui.panel.sheet_stream import LatestRequest, SheetRequest, stream_sheet

AESTHETICS = CATALOGUE["facial_aesthetics"]
ME = Caller("tab me", None, "9.9.9.9")


@pytest.fixture
def context(offline_client: httpx.AsyncClient, settings: Settings, tmp_path: Path) -> Context:
    service = CallService(offline_client, settings, engine_queue=FairQueue(1, 2, 60))
    return Context.create(service, settings, tmp_path, 60.0)


@pytest.fixture
def photo(portrait: bytes, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "upload" / "me.jpg"
    path.parent.mkdir()
    for name in ("me.jpg", "you.jpg"):
        path.with_name(name).write_bytes(portrait)
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


def wish(photo: Any, visit: Caller = ME) -> SheetRequest:
    sheet, draw = plan_sheet(AESTHETICS, "shapes", AESTHETICS.validate({}), "en")
    return SheetRequest(AESTHETICS, visit, "en", photo, sheet, draw, LatestRequest().register(visit.session_id, ""))


async def test_face_crop_cache_keeps_sessions_apart(context: Context, photo: dict[str, Any]) -> None:
    """Even of the same upload, each session has what it found itself; and one deleting leaves the other's."""
    kept = context.face_crops
    await kept.get_or_crop(AESTHETICS, photo, ME, context.read_upload)
    other = Caller("tab other")
    assert kept.is_cached(AESTHETICS, photo, ME)
    assert not kept.is_cached(AESTHETICS, photo, other)
    assert not kept.is_cached(CATALOGUE["face_fuse"], photo, ME)
    await kept.get_or_crop(AESTHETICS, photo, other, context.read_upload)
    assert (context.pictures.count(ME.session_id), context.pictures.count(other.session_id)) == (1, 1)
    context.pictures.evict(ME.session_id)
    assert not kept.is_cached(AESTHETICS, photo, ME)
    assert kept.is_cached(AESTHETICS, photo, other)


async def test_face_crop_cache_holds_one_photo_a_session(
    context: Context, photo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another photo takes the place of the one before; of many sessions, the first is forgotten."""
    monkeypatch.setattr(face_crop_cache, "MAX_CACHED_CROPS", 2)
    second = {**photo, "path": photo["path"].replace("me.jpg", "you.jpg")}
    await context.face_crops.get_or_crop(AESTHETICS, photo, ME, context.read_upload)
    await context.face_crops.get_or_crop(AESTHETICS, second, ME, context.read_upload)
    assert context.pictures.count(ME.session_id) == 1
    for name in ("a", "b"):
        await context.face_crops.get_or_crop(AESTHETICS, photo, Caller(name), context.read_upload)
    assert len(context.face_crops._entries) == 2
    assert not context.face_crops.is_cached(AESTHETICS, second, ME)


async def test_face_crop_cache_drops_a_result_deleted_meanwhile(
    context: Context, photo: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has deleted everything must find nothing new afterwards."""
    begun, gate = threading.Event(), threading.Event()

    def held(*given: Any) -> Any:
        begun.set()
        assert gate.wait(60)
        return crop_face(*given)

    monkeypatch.setattr(face_crop_cache, "crop_face", held)
    search = asyncio.create_task(context.face_crops.get_or_crop(AESTHETICS, photo, ME, context.read_upload))
    assert await asyncio.to_thread(begun.wait, 30)
    await context.session_data.delete(ME.session_id)
    gate.set()
    with pytest.raises(ImageRejected) as gone:
        await search
    assert gone.value.slug == "photo_missing"
    assert not (await context.session_data.inventory(ME.session_id)).has_data


async def test_contact_sheet_takes_one_queue_slot(context: Context, photo: dict[str, Any]) -> None:
    """Who waits sees the places and the wait; who leaves is gone from the line; beyond the places, an honest no."""
    async with context.service.engine_queue.slot("somebody else"):
        first, second = stream_sheet(context, wish(photo)), stream_sheet(context, wish(photo))
        for waiting in (first, second):
            assert (await anext(waiting)).count("disabled") == 26
            assert translate("steps.queue_unknown", "en") in await anext(waiting)
        refused = [update async for update in stream_sheet(context, wish(photo))]
        assert translate("errors.crowded_visitor.title", "en") in refused[-1]
        await second.aclose()
        await asyncio.sleep(0)
        assert context.service.engine_queue._pending["9.9.9.9"] == 1
    shown = [update async for update in first]
    assert shown[-1].count("<img") == 26
    assert not context.service.engine_queue._pending


async def test_contact_sheet_explains_a_bug_and_frees_its_slot(context: Context, photo: dict[str, Any]) -> None:
    """The sheet ends in words, not in silence, and the next one is drawn."""

    def broken(closeup: Any) -> Any:
        raise RuntimeError("no such thing")

    faulty = SheetRequest(AESTHETICS, ME, "en", photo, wish(photo).sheet, broken, lambda: True)
    shown = [update async for update in stream_sheet(context, faulty)]
    assert translate("errors.unexpected.title", "en") in shown[-1]
    assert "no such thing" not in "".join(shown)
    assert not context.service.engine_queue._pending


def test_contact_sheet_request_is_current_until_replaced() -> None:
    """The same photo told once more changes nothing, nor does what another session does."""
    latest, photo = LatestRequest(), "/up/me.jpg"
    first, theirs = latest.register("me", photo), latest.register("you", photo)
    assert not latest.cancel("me", photo)
    assert first()
    second = latest.register("me", photo)
    assert (first(), second()) == (False, True)
    assert latest.has_request("me")
    assert latest.cancel("me", "")
    assert (second(), theirs()) == (False, True)
    assert (latest.has_request("me"), latest.has_request("you")) == (False, True)
