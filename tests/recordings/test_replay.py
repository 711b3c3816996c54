"""Replay: the same photo with the same values is answered by the recording, through the codec; all else is offline."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from meitu_demo.domain.errors import VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.recordings.recording import Recording
from meitu_demo.settings import Settings
from meitu_demo.ui.api import build_report
from meitu_demo.ui.assistants.tools import build_tool
from meitu_demo.ui.context import Context
from meitu_demo.ui.result.export import build_provenance, unlabelled
from meitu_demo.ui.result.facts import build_receipt
from recordings.conftest import KEYS, ME, MakeService, list_files, run

RESTORE, RESHAPE, AVATAR = (CATALOGUE[name] for name in ("quality_restoration", "facial_aesthetics", "anime_avatar"))
# Every endpoint, for two of them twice.
CALLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("face_fuse", {"template_id": "gjw4tjeloaba2psk973"}),
    ("anime_avatar", {"version": "1.0.0"}),
    ("anime_avatar", {"version": "2.0.0"}),
    ("quality_restoration", {}),
    ("facial_aesthetics", {"shape_type": 8, "strength": 0.5}),
    ("facial_aesthetics", {"shape_type": 7, "strength": 1.0}),
)
REPLAY = {"MODE": "replay"}


class Unplugged(httpx.AsyncBaseTransport):
    """No network: counts who tries."""

    tries = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.tries += 1
        raise httpx.ConnectError("unplugged")


async def test_replay_gives_every_endpoint_its_own_picture_back(
    make_service: MakeService, folder: Path, portrait: bytes
) -> None:
    """Without network and keys the same bytes come, from the vendor, of that day; nothing is sent, billed or queued."""
    live_service = make_service()
    live = [await run(live_service, CATALOGUE[name], portrait, **values) for name, values in CALLS]
    network = Unplugged()
    service = make_service(network, **REPLAY, **dict.fromkeys(KEYS, ""))
    for before, (name, values) in zip(live, CALLS, strict=True):
        assert before.mode == "live"
        shown = await run(service, CATALOGUE[name], portrait, **values)
        assert shown.result_photo == before.result_photo
        assert (shown.mode, shown.service, shown.host, shown.request_id) == (
            "recorded", before.service, "", before.request_id,
        )  # fmt: skip
        assert shown.recorded
        assert abs(shown.recorded.elapsed_s - before.elapsed_s) < 0.001
        assert abs((shown.recorded.made_at - before.created_at).total_seconds()) < 5
        receipt = build_receipt(shown, 30)
        assert (receipt["sent_to"], receipt["bytes_sent"], receipt["recorded"]) == (None, 0, False)
        provenance, maker = build_provenance(shown), build_provenance(before).made_by
        assert (provenance.made_by, provenance.source_type) == (maker, build_provenance(before).source_type)
        assert provenance.time == shown.recorded.made_at.isoformat(timespec="seconds")
        report = build_report(shown, "en", 30)
        assert report["recorded"] == {"made_at": provenance.time, "elapsed_s": round(shown.recorded.elapsed_s, 3)}
        assert shown.trace
        assert shown.trace.mode == "recorded"
    assert network.tries == 0
    assert not service.is_billable("meitu")
    assert len(list_files(folder)) == len(CALLS)


async def test_replay_gives_a_refusal_back(make_service: MakeService, faceless: bytes) -> None:
    """The vendor's code, words and request ID, and who said so."""
    errors = []
    for environ in ({}, REPLAY):
        with pytest.raises(VendorError) as caught:
            await run(make_service(**environ), AVATAR, faceless)
        errors.append(caught.value)
    before, shown = errors
    assert shown.facts == before.facts
    assert shown.service == before.service == "vendor.test"
    explained = explain(shown, "en", is_billable=False)
    assert (explained.slug, explained.code) == ("no_face", "vendor.test 20003")


async def test_replay_of_anything_else_is_the_offline_engine(
    make_service: MakeService, folder: Path, portrait: bytes, astronaut_jpeg: bytes
) -> None:
    """Another photo, other values, another endpoint, a damaged file and a wish for the engine: offline, and said so."""
    await run(make_service(), RESHAPE, portrait, shape_type=8, strength=0.5)
    service = make_service(Unplugged(), **REPLAY)
    assert (await run(service, RESHAPE, portrait, shape_type="8")).mode == "recorded"
    for endpoint, photo, values in (
        (RESHAPE, astronaut_jpeg, {"shape_type": 8, "strength": 0.5}),
        (RESHAPE, portrait, {"shape_type": 8, "strength": 0.6}),
        (RESTORE, portrait, {}),
    ):
        result = await run(service, endpoint, photo, **values)
        assert (result.mode, result.service, result.recorded) == ("offline", "offline", None)
    wish = await service.choose_target("ailab", mode="offline")
    handle = await service.start(RESHAPE, portrait, {"shape_type": 8}, target=wish, caller=ME, consent=False)
    assert (await handle.result()).mode == "offline"
    (path,) = list_files(folder)
    path.write_bytes(path.read_bytes()[:-9])
    assert (await run(service, RESHAPE, portrait, shape_type=8)).mode == "offline"


async def test_target_of_mode_replay_helps_a_live_service(make_service: MakeService, portrait: bytes) -> None:
    """With keys and without network, as on a stage: the recording if there is one, however open the breaker is."""
    await run(make_service(), RESTORE, portrait)
    service = make_service(Unplugged())
    for _ in range(3):  # each with its retries: the breaker is open by then
        with pytest.raises(Exception, match=r"unreachable|resting"):
            await run(service, AVATAR, portrait)
    modes = []
    for endpoint in (RESTORE, AVATAR):
        target = await service.choose_target("meitu", mode="replay")
        handle = await service.start(endpoint, portrait, {}, target=target, caller=ME, consent=False)
        assert handle.call.spec.target
        modes.append((handle.call.spec.target.mode, (await handle.result()).mode))
    assert modes == [("recorded", "recorded"), ("offline", "offline")]


async def test_replay_follows_a_recipe(make_service: MakeService, portrait: bytes) -> None:
    """The second step gets the first one's result with another ID in its mark, and is recognised all the same."""
    modes = []
    for service in (make_service(), make_service(Unplugged(), **REPLAY)):
        first = await run(service, RESHAPE, portrait, shape_type=8)
        second = await run(service, RESTORE, unlabelled(first))
        modes.append((first.mode, second.mode))
    assert modes == [("live", "live"), ("recorded", "recorded")]


async def test_replay_of_a_linked_picture_comes_by_a_link(
    make_service: MakeService, folder: Path, portrait: bytes
) -> None:
    """The answer is a link as it was, to a reserved name; the picture is stored beside it as it came."""
    before = await run(make_service(), RESHAPE, portrait, shape_type=8)
    (path,) = list_files(folder)
    recording = Recording.load(path.read_bytes())
    assert recording.reading["outcome"] == "link"
    assert recording.picture == before.result_photo.data
    assert f"http://recorded.invalid/pictures/{recording.key}".encode() in recording.body
    assert b"vendor.test" not in path.read_bytes().replace(b'"service": "vendor.test"', b"")


async def test_tools_say_what_is_recorded_and_replayed(make_service: MakeService, tmp_path: Path) -> None:
    """To assistants, consent covers the recording where there is one; in mode replay a call may be a recording."""
    consent, now = [], []
    for environ in ({"RECORDINGS": ""}, {}, REPLAY):
        service = make_service(**environ)
        settings = Settings.from_env({**KEYS, **environ, "RECORDINGS": "r" if environ else ""})
        tool = build_tool(Context.create(service, settings, tmp_path, 60.0), RESTORE)
        consent.append("records the call" in tool.inputSchema["properties"]["consent"]["description"])
        now.append("recorded answer" in (tool.description or ""))
    assert consent == [False, True, False]
    assert now == [False, False, True]
