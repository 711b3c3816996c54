"""Recorder: which calls are recorded, that no key, URL or photo gets into a file, and that no result is lost by it."""

import asyncio
import base64
import contextlib
import errno
import io
import json
import logging
import os
from pathlib import Path

import httpx
import pytest
from PIL import Image as PillowImage
from support.quoting_vendor import ANSWERS, HOME, quoting
from support.secret_finder import seen

from meitu_demo.domain.errors import DemoError, MissingConsent, VendorError
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.sessions import Evaluations
from meitu_demo.recordings import RecordingStore
from meitu_demo.recordings.answer import build_response, read_answer
from meitu_demo.recordings.recording import Recording
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.service import Caller
from meitu_demo.ui.history.entries import History
from meitu_demo.ui.security.session_data import SessionData
from recordings.conftest import KEYS, ME, VENDOR_URL, MakeService, list_files, run

FUSE, RESTORE, RESHAPE = (CATALOGUE[name] for name in ("face_fuse", "quality_restoration", "facial_aesthetics"))
OTHER = Caller("tab other", peer_address="8.8.8.8")


class AnsweringVendor(httpx.MockTransport):
    """Meitu with the same answer to each call. during: run before it answers."""

    def __init__(self, answer: httpx.Response, during: asyncio.Event | None = None) -> None:
        super().__init__(self._answer)
        self.answer, self.is_asked, self.during = answer, asyncio.Event(), during

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.is_asked.set()
        if self.during:
            await self.during.wait()
        return httpx.Response(self.answer.status_code, content=self.answer.content, headers=self.answer.headers)


def give(picture: bytes, **more: object) -> httpx.Response:
    """Meitu's answer with a picture."""
    media = {"media_data": base64.b64encode(picture).decode()}
    return httpx.Response(200, json={"media_info_list": [media], **more})


def refuse(code: int) -> httpx.Response:
    return httpx.Response(200, json={"ErrorCode": code, "ErrorMsg": "NO", "request_id": "r-1"})


# ── What is recorded ────────────────────────────────────────────────────────────────────────────────────────────────
async def test_recorder_keeps_live_calls_alone(make_service: MakeService, folder: Path, portrait: bytes) -> None:
    """With the setting and consent a live call is recorded; without one of them, offline and in the lab none is."""
    unrecorded, service = make_service(RECORDINGS=""), make_service()
    assert not (await run(unrecorded, RESTORE, portrait)).is_saved
    for options in ({"mode": "offline"}, {"fault": ""}):
        target = await service.choose_target("meitu", **options)  # type: ignore[arg-type]
        handle = await service.start(RESTORE, portrait, {}, target=target, caller=ME, consent=True)
        assert not (await handle.result()).is_saved
    target = await service.choose_target("meitu", payer="owner")
    with pytest.raises(MissingConsent):
        await service.start(RESTORE, portrait, {}, target=target, caller=ME, consent=False)
    assert not list_files(folder)
    assert (await run(service, RESTORE, portrait)).is_saved
    assert len(list_files(folder)) == 1


async def test_recorder_keeps_refusals_that_would_come_again(
    make_service: MakeService, folder: Path, portrait: bytes
) -> None:
    """No face is a recording; a vendor that is overloaded, an unknown code and half an answer are none."""
    for answer in (refuse(90024), refuse(77777), httpx.Response(200, content=b'{"media_info'), httpx.Response(502)):
        with pytest.raises(DemoError):
            await run(make_service(AnsweringVendor(answer), BREAKER="off"), RESTORE, portrait)
    assert not list_files(folder)
    with pytest.raises(VendorError):
        await run(make_service(AnsweringVendor(refuse(20003))), RESTORE, portrait)
    (path,) = list_files(folder)
    assert Recording.load(path.read_bytes()).reading["slug"] == "no_face"


async def test_recorder_keeps_a_result_when_the_same_call_is_refused_later(
    make_service: MakeService, folder: Path, portrait: bytes
) -> None:
    """An account that is empty the day before the show takes no recording away; a newer result replaces it."""
    for answer, status in ((refuse(20003), "VendorError"), (give(portrait), "picture"), (refuse(20003), "picture")):
        service = make_service(AnsweringVendor(answer))
        with contextlib.suppress(VendorError):
            await run(service, RESTORE, portrait)
        (path,) = list_files(folder)
        assert Recording.load(path.read_bytes()).reading["outcome"] == status


# ── What is not in a file ───────────────────────────────────────────────────────────────────────────────────────────
async def test_recording_holds_nothing_of_the_photo(make_service: MakeService, folder: Path, portrait: bytes) -> None:
    """Neither the photo, as it came or was sent, nor its EXIF is in the file of a refusal or of a result."""
    exif = PillowImage.Exif()
    exif[0x010E], exif[0x9286] = "canary-description", "canary-comment"
    buffer = io.BytesIO()
    PillowImage.open(io.BytesIO(portrait)).save(buffer, "JPEG", exif=exif, quality=95)
    photo = buffer.getvalue()
    assert b"canary-description" in photo
    await run(make_service(), RESTORE, photo)
    await run(make_service(), RESHAPE, photo, shape_type=8)
    for path in list_files(folder):
        data = path.read_bytes()
        assert not seen(data, ["canary-description", "canary-comment"])
        for part in (photo[-400:-300], photo[len(photo) // 2 :][:100]):
            assert part not in data
            assert base64.b64encode(part)[4:-4] not in data


@pytest.mark.parametrize("vendor_id", ["meitu", "ailab"])
async def test_recording_holds_no_key_and_no_url(
    make_service: MakeService, folder: Path, portrait: bytes, vendor_id: str
) -> None:
    """Whatever the vendor quotes, wherever and however written: no file holds a key or an address of the vendor."""
    endpoint = RESTORE if vendor_id == "meitu" else RESHAPE
    values = {} if vendor_id == "meitu" else {"shape_type": 8}
    keys = {"meitu": tuple(KEYS.values())[:2], "ailab": (KEYS["AILAB_API_KEY"],)}
    recorded = 0
    with quoting(keys, portrait) as vendor:
        redirected = {
            "MEITU_BASE_URL": f"http://127.0.0.1:{vendor.port}",
            "AILAB_BASE_URL": f"http://127.0.0.1:{vendor.port}",
        }
        service = make_service(BREAKER="off", **redirected)
        for number, vendor.kind in enumerate(ANSWERS):
            with contextlib.suppress(DemoError):
                await run(service, endpoint, portrait, Caller(f"tab {number}"), **values)
            for path in list_files(folder):
                data = path.read_bytes()
                assert not seen(data, KEYS.values()), vendor.kind
                assert HOME.encode() not in data, vendor.kind
                assert str(vendor.port).encode() not in data.replace(b"127.0.0.1", b""), vendor.kind
                assert read_answer(vendor_id, build_response(Recording.load(data)))
                path.unlink()
                recorded += 1
    assert recorded >= 10


async def test_recording_is_not_made_of_a_picture_that_holds_a_key(
    make_service: MakeService, folder: Path, portrait: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """A vendor that writes the key into its picture's comment, inside the answer or behind a link, is not recorded."""
    comment = f"key={KEYS['MEITU_API_KEY']}".encode()
    marked = portrait[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + portrait[2:]
    linked = httpx.Response(200, json={"media_info_list": [{"media_data": f"{VENDOR_URL}/1.jpg?token=canary-token"}]})

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=marked) if request.method == "GET" else linked

    for vendor in (AnsweringVendor(give(marked)), httpx.MockTransport(answer)):
        result = await run(make_service(vendor), RESTORE, portrait)
        assert result.result_photo.data == marked
        assert not result.is_saved
    assert not list_files(folder)
    assert [line for line in caplog.messages if "not recorded" in line]


async def test_recording_holds_the_answer_byte_for_byte_if_it_needs_no_change(
    make_service: MakeService, folder: Path, portrait: bytes
) -> None:
    """White space, order and escapes of an answer without keys and links are the vendor's."""
    text = json.dumps({"z": "é", "media_info_list": [{"media_data": base64.b64encode(portrait).decode()}]}, indent=3)
    await run(make_service(AnsweringVendor(httpx.Response(200, text=text))), RESTORE, portrait)
    (path,) = list_files(folder)
    assert Recording.load(path.read_bytes()).body == text.encode()


async def test_recording_of_a_picture_in_lines_is_that_picture(
    make_service: MakeService, folder: Path, portrait: bytes
) -> None:
    """Base64 that the vendor has broken into lines, as in a mail, is no reason not to record."""
    lines = base64.encodebytes(portrait).decode().replace("\n", "\r\n")
    answer = httpx.Response(200, json={"media_info_list": [{"media_data": lines}]})
    assert (await run(make_service(AnsweringVendor(answer)), RESTORE, portrait)).is_saved
    shown = await run(make_service(MODE="replay"), RESTORE, portrait)
    assert (shown.mode, shown.result_photo.data) == ("recorded", portrait)


# ── Trouble ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("place", ["fsync", "open", "folder"])
async def test_result_arrives_though_it_cannot_be_recorded(
    make_service: MakeService, folder: Path, portrait: bytes, place: str,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """A full disk costs the recording and one line in the log, not the result; nothing half written stays."""

    def fail(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    service = make_service()
    await run(service, RESTORE, portrait, OTHER)  # so that the folder's secret is there
    for path in list_files(folder):
        path.unlink()
    if place == "folder":
        (folder / "secret").write_bytes(b"short")
    else:
        monkeypatch.setattr(f"meitu_demo.recordings.store.os.{place}", fail)
    with caplog.at_level(logging.WARNING):
        result = await run(service, RESTORE, portrait)
    monkeypatch.undo()
    assert result.mode == "live"
    assert not result.is_saved
    assert len([line for line in caplog.messages if "record" in line]) == 1
    assert os.listdir(folder) == ["secret"]  # noqa: PTH208


# ── Deleting ────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_session_data_counts_and_deletes_what_the_session_recorded(
    make_service: MakeService, folder: Path, portrait: bytes, tmp_path: Path
) -> None:
    """ "Delete my data" deletes the session's own recordings and nobody else's."""
    service = make_service()
    await run(service, RESTORE, portrait)
    await run(service, RESHAPE, portrait, OTHER, shape_type=8)
    stores = PictureStore(60), service.single_flight, History(60), Evaluations(60, tmp_path / "evaluations", {})
    data = SessionData(tmp_path, *stores, 60, service.recorder)
    assert [(await data.inventory(one.session_id)).recordings for one in (ME, OTHER)] == [1, 1]
    await data.delete(ME.session_id)
    assert [(await data.inventory(one.session_id)).recordings for one in (ME, OTHER)] == [0, 1]
    (path,) = list_files(folder)
    assert Recording.load(path.read_bytes()).endpoint_id == "facial_aesthetics"
    assert not make_service().recorder.count(OTHER.session_id)  # type: ignore[union-attr]  # after a restart


async def test_call_in_flight_is_not_recorded_once_its_session_is_deleted(
    make_service: MakeService, folder: Path, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the vendor answers after the deletion or the file is just being written, none stays."""
    answers = asyncio.Event()
    vendor = AnsweringVendor(give(portrait), answers)
    service = make_service(vendor)
    assert service.recorder
    call = asyncio.create_task(run(service, RESTORE, portrait))
    await vendor.is_asked.wait()
    await service.recorder.delete(ME.session_id)
    answers.set()
    assert not (await call).is_saved

    loop, save = asyncio.get_running_loop(), RecordingStore.save

    def save_while_deleting(store: RecordingStore, recording: Recording) -> None:
        save(store, recording)
        assert service.recorder
        asyncio.run_coroutine_threadsafe(service.recorder.delete(ME.session_id), loop).result(60)

    monkeypatch.setattr(RecordingStore, "save", save_while_deleting)
    assert not (await run(service, FUSE, portrait)).is_saved
    assert not list_files(folder)
    assert not service.recorder.count(ME.session_id)
