"""CallService: where a call goes, what it must pass before anything is sent, and which calls are one."""

import base64
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from meitu_demo.calls import download, pipeline
from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.pipeline import CallResult, Phase
from meitu_demo.calls.single_flight import CallHandle
from meitu_demo.domain.errors import (
    DemoError,
    ImageRejected,
    InvalidResponse,
    LinkRejected,
    MissingConsent,
    MissingKey,
    ValueRejected,
)
from meitu_demo.domain.translations import get_texts
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline import create_app
from meitu_demo.service import Caller, CallService, round_up_wait
from meitu_demo.settings import Settings

RESTORE, FUSE = CATALOGUE["quality_restoration"], CATALOGUE["face_fuse"]
KEYS = {"MEITU_API_KEY": "k" * 20, "MEITU_API_SECRET": "s" * 20}
ONE, OTHER = Caller("one", peer_address="9.9.9.9"), Caller("other", peer_address="8.8.8.8")


class CountingVendor:
    """Meitu's API: answers each request with the same picture and counts the requests."""

    def __init__(self, picture: bytes) -> None:
        self.requests = 0
        self.link = ""  # answered instead of the picture
        self._picture = base64.b64encode(picture).decode()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        kind = "url" if self.link else "jpg"
        media = {"media_data": self.link or self._picture, "media_profiles": {"media_data_type": kind}}
        return httpx.Response(200, json={"media_info_list": [media]})


@pytest.fixture
def vendor(portrait: bytes) -> CountingVendor:
    return CountingVendor(portrait)


@pytest.fixture
async def live_service(vendor: CountingVendor, tmp_path: Path) -> AsyncIterator[CallService]:
    """A service with the owner's Meitu keys, a ledger in a file, and `vendor` behind its client."""
    settings = Settings.from_env({**KEYS, "DATA_DIR": str(tmp_path), "CALLS_PER_SECOND": "off"})
    async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as client:
        service = CallService(client, settings)
        yield service
        await service.ledger.close()
        await service.failure_lab.close()


@pytest.fixture
async def offline_service() -> AsyncIterator[CallService]:
    """A service without keys, whose client has the offline server mounted."""
    settings = Settings.from_env({})
    async with create_http_client(settings, create_app()) as client:
        yield CallService(client, settings)


async def finish(handle: CallHandle) -> CallResult:
    try:
        return await handle.result()
    finally:
        handle.release()


async def start(service: CallService, photo: bytes, caller: Caller = ONE, **options: Any) -> CallHandle:
    """Start a restoration, by default with consent, at the target that the settings choose."""
    arguments = {"target": await service.choose_target("meitu", payer="owner"), "consent": True, **options}
    return await service.start(RESTORE, photo, {}, caller=caller, **arguments)


# ── Targets ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_choose_target_is_the_vendor_only_with_a_key(
    live_service: CallService, offline_service: CallService
) -> None:
    """With a key a call goes to the vendor, without one to the offline server, or in mode "live" nowhere."""
    assert (await live_service.choose_target("meitu", payer="owner")).mode == "live"
    assert (await live_service.choose_target("meitu", mode="offline")).mode == "offline"
    assert (await offline_service.choose_target("meitu")).mode == "offline"
    with pytest.raises(MissingKey):
        await offline_service.choose_target("meitu", mode="live")


async def test_choose_target_of_a_fault_is_the_failure_lab(live_service: CallService) -> None:
    """A call that is to fail goes to the failure lab, in mode "offline" to the offline server."""
    assert (await live_service.choose_target("meitu", fault="reset_after")).mode == "lab"
    assert (await live_service.choose_target("meitu", mode="offline", fault="reset_after")).mode == "offline"


async def test_is_billable_agrees_with_the_chosen_target(
    live_service: CallService, offline_service: CallService
) -> None:
    """`is_billable` and `choose_target` say the same of every choice."""
    for service in (live_service, offline_service):
        for options in ({}, {"mode": "offline"}, {"fault": ""}, {"mode": "offline", "fault": ""}):
            target = await service.choose_target("meitu", payer="owner", **options)  # type: ignore[arg-type]
            assert service.is_billable("meitu", **options) is target.is_billable  # type: ignore[arg-type]


# ── Before anything is sent ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("consent", [False, None, 1, "true"])
async def test_start_asks_for_consent_first(live_service: CallService, vendor: CountingVendor, consent: Any) -> None:
    """Only True is consent; without it even a broken photo is refused for the missing consent, and nothing is sent."""
    with pytest.raises(MissingConsent):
        await start(live_service, b"no photo", consent=consent)
    assert vendor.requests == 0


async def test_start_needs_no_consent_offline(offline_service: CallService, portrait: bytes) -> None:
    """A photo that stays on the machine needs no consent."""
    result = await finish(await start(offline_service, portrait, consent=False))
    assert (result.mode, result.host) == ("offline", "")


@pytest.mark.parametrize(
    ("endpoint", "values", "get_photo", "error"),
    [
        (FUSE, {"template_id": "a template!"}, lambda portrait: portrait, ValueRejected),
        (FUSE, {"strength": 1}, lambda portrait: portrait, ValueRejected),
        (RESTORE, {}, lambda portrait: portrait[:900], ImageRejected),
    ],
)
async def test_start_rejects_wrong_input_before_sending(
    live_service: CallService,
    vendor: CountingVendor,
    portrait: bytes,
    endpoint: Any,
    values: dict[str, Any],
    get_photo: Callable[[bytes], bytes],
    error: type[DemoError],
) -> None:
    """A wrong value, an unknown control and a damaged photo reach nobody."""
    target = await live_service.choose_target("meitu", payer="owner")
    with pytest.raises(error):
        await live_service.start(endpoint, get_photo(portrait), values, target=target, caller=ONE, consent=True)
    assert vendor.requests == 0


# ── Which calls are one ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_start_joins_the_same_paid_call_of_a_session(
    live_service: CallService, vendor: CountingVendor, portrait: bytes
) -> None:
    """Two clicks are one call with one result, also after it has ended; `force` with its id makes a second call."""
    first, second = await start(live_service, portrait), await start(live_service, portrait)
    results = [await finish(first), await finish(second), await finish(await start(live_service, portrait))]
    assert (second.is_duplicate, vendor.requests) == (True, 1)
    assert len({id(result) for result in results}) == 1
    await finish(await start(live_service, portrait, force=first.call.id))
    assert vendor.requests == 2


async def test_start_shares_no_paid_call_between_sessions(
    live_service: CallService, vendor: CountingVendor, portrait: bytes
) -> None:
    """Another session's equal call is a call of its own."""
    for caller in (ONE, OTHER):
        await finish(await start(live_service, portrait, caller))
    assert vendor.requests == 2


async def test_start_never_joins_free_calls(offline_service: CallService, portrait: bytes) -> None:
    """Each offline click runs the effect anew."""
    handles = [await start(offline_service, portrait) for _ in range(2)]
    assert [handle.is_duplicate for handle in handles] == [False, False]
    assert len({(await finish(handle)).id for handle in handles}) == 2


async def test_start_pays_a_failure_lab_call_from_the_lab_alone(
    live_service: CallService, vendor: CountingVendor, portrait: bytes
) -> None:
    """The lab's ledger counts its call, the owner's ledger is not even opened, and no consent is needed."""
    target = await live_service.choose_target("meitu", fault="")
    async with httpx.AsyncClient(trust_env=False) as client:
        live_service.client = client
        await finish(await start(live_service, portrait, target=target, consent=False))
    assert (await live_service.failure_lab.count_states()).total() == 1
    assert (live_service.failure_lab.billed_count, vendor.requests, live_service.ledger.recorder) == (1, 0, None)


async def test_start_reports_the_phases_of_an_offline_call(offline_service: CallService, portrait: bytes) -> None:
    """Whoever watches sees the call prepared, then sent."""
    handle = await start(offline_service, portrait)
    phases = [phase async for phase, _ in handle.stream_progress()]
    await finish(handle)
    assert (phases[0], phases[-1]) == (Phase.PREPARE, Phase.SEND)


@pytest.mark.parametrize(
    ("wait_s", "displayed_s"), [(None, 0), (1, 2), (2, 2), (3, 5), (61, 90), (300, 300), (301, 301)]
)
def test_round_up_wait_is_never_shorter_than_the_wait(wait_s: int | None, displayed_s: float) -> None:
    """A wait is told as the next of a few lengths; 0 if it is not known, itself beyond the longest."""
    assert round_up_wait(wait_s) == displayed_s


# ── Paid, and the picture lost ──────────────────────────────────────────────────────────────────────────────────────
def list_causes(slug: str) -> list[str]:
    """The causes of an error that have an explanation of their own."""
    return [name.removeprefix(f"{slug}_") for name in get_texts("en")["errors"] if name.startswith(f"{slug}_")]


@pytest.mark.parametrize("cause", list_causes("link_rejected"))
async def test_refetch_of_a_lost_picture_calls_no_vendor(
    live_service: CallService, vendor: CountingVendor, portrait: bytes, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """Whatever went wrong with the link, fetching the picture again and repeating the call are free; force pays."""
    vendor.link = "https://results.example/1.jpg"
    pictures: list[bytes | Exception] = [LinkRejected(cause=cause), LinkRejected(cause=cause), portrait, portrait]

    async def fetch(*_: Any, **__: Any) -> bytes:
        picture = pictures.pop(0)
        if isinstance(picture, Exception):
            raise picture
        return picture

    monkeypatch.setattr(download, "download_result", fetch)
    first = await start(live_service, portrait)
    with pytest.raises(LinkRejected):
        await finish(first)
    assert first.call.can_refetch
    with pytest.raises(LinkRejected):
        await finish(live_service.refetch(ONE, first.call.id))
    with pytest.raises(ImageRejected):
        live_service.refetch(OTHER, first.call.id)
    again = live_service.refetch(ONE, first.call.id)
    assert (await finish(again)).result_photo.data == portrait
    assert not again.call.can_refetch
    assert vendor.requests == 1
    await finish(await start(live_service, portrait, force=first.call.id))
    assert vendor.requests == 2


@pytest.mark.parametrize("cause", list_causes("bad_reply"))
async def test_unusable_answer_is_not_asked_for_again(
    live_service: CallService, vendor: CountingVendor, portrait: bytes, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
    """An answer without a usable picture leaves nothing to fetch; the same call shows it again and asks no vendor."""

    async def reply(_: httpx.AsyncClient, __: Any, request: httpx.Request) -> httpx.Response:
        vendor(request)
        raise InvalidResponse(vendor="meitu", cause=cause)

    monkeypatch.setattr(pipeline, "exchange", reply)
    for _ in range(2):
        handle = await start(live_service, portrait)
        with pytest.raises(InvalidResponse):
            await finish(handle)
        assert not handle.call.can_refetch
    assert vendor.requests == 1
