"""One call, there and back, in three steps. Thin; knows no vendor and no screen.

    prepare   check values and photo, make the photo fit                    nothing has been sent
    ask       build, send, parse: the step that may cost money
    collect   follow the link, if that is what came; may be repeated free

Live or offline is the route's business: nothing here asks which it is.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Protocol
from urllib.parse import urlsplit

import anyio
import httpx

from ..domain.errors import DemoError, ImageRejected, InvalidResponse, VendorError
from ..domain.model import CallTarget, Endpoint, ParsedResponse, Photo, PhotoChange, PreparedCall, ResultLink, Values
from ..inspector import Stopwatch, Trace, TraceRecorder, resume_stopwatch
from ..photos import codec
from ..vendors import VENDORS
from . import download
from .exchange import exchange, parse_retry_after
from .retry import call_with_retry
from .vendor_health import VendorHealth


class Phase(Enum):
    """Where a call is, for whoever watches it."""

    PREPARE = "prepare"
    QUEUE = "queue"  # for the offline engine, with about the seconds until it is free; 0 if nobody knows yet
    WAIT = "wait"  # with the seconds that are left of it
    SEND = "send"
    RETRY = "repeat"
    DOWNLOAD = "download"


ProgressCallback = Callable[[Phase, float], None]


@dataclass(frozen=True, slots=True)
class CallResult:
    """A finished call. `result_photo` holds the vendor's own bytes, `sent_photo` the photo as it went out."""

    endpoint: Endpoint
    mode: str
    values: Values = field(repr=False)  # a person may have typed anything
    sent_photo: Photo
    result_photo: Photo
    changes: tuple[PhotoChange, ...]
    elapsed_s: float
    request_id: str | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    host: str = ""  # where the photo went; "" where it did not leave the machine
    bytes_sent: int = 0
    trace: Trace | None = field(default=None, repr=False)
    run_id: str = ""  # under which the log has it


@dataclass(frozen=True, slots=True)
class VendorReply:
    """What the vendor answered, how long it took with all waiting, and how much was sent."""

    response: ParsedResponse
    elapsed_s: float
    bytes_sent: int
    trace: Trace | None = field(default=None, repr=False)


class PaidCallProtocol(Protocol):
    """What a paid call is written down in."""

    async def rate_limit_delay(self) -> float:
        """Seconds until the vendor's rate lets the call through."""

    async def mark_sent(self, bytes_sent: int) -> None:
        """The next byte leaves the machine; raises when it must not."""

    async def mark_confirmed(self, request_id: str | None, bytes_received: int) -> None:
        """The vendor did it."""


OpenPaidCall = Callable[[], AbstractAsyncContextManager[PaidCallProtocol]]


def no_progress(phase: Phase, seconds: float) -> None:
    """For calls that nobody watches."""


async def run_unbilled(
    client: httpx.AsyncClient,
    target: CallTarget,
    endpoint: Endpoint,
    source: bytes,
    values: Values,
    *,
    on_progress: ProgressCallback = no_progress,
) -> CallResult:
    """All three steps, for a call that nobody pays for, or not through us. Raises what they raise."""
    on_progress(Phase.PREPARE, 0.0)
    prepared = await prepare(endpoint, source, values)
    return await fetch_result(
        client, target, prepared, await send(client, target, prepared, on_progress=on_progress), on_progress=on_progress
    )


async def prepare(endpoint: Endpoint, source: bytes, values: Values) -> PreparedCall:
    """A call of `endpoint` with the photo in `source` (an encoded picture of any accepted kind).

    Raises ImageRejected or ValueRejected.
    """
    start = time.perf_counter()
    checked_values = endpoint.validate(values)
    prepared_photo = await anyio.to_thread.run_sync(codec.prepare, source, endpoint.limits)
    return PreparedCall(
        endpoint, checked_values, prepared_photo.photo, prepared_photo.changes, time.perf_counter() - start
    )


async def send(
    client: httpx.AsyncClient,
    target: CallTarget,
    prepared: PreparedCall,
    *,
    on_progress: ProgressCallback = no_progress,
    open_paid_call: OpenPaidCall | None = None,
    health: VendorHealth | None = None,
) -> VendorReply:
    """What the vendor answers to `order`.

    pay: opens the account of a paid route's call. line: what is known of the vendor's condition.
    Raises Resting, Busy, or what `pay` raises, before anything is sent; Unreachable, OutcomeUnknown, BadReply or
    ProviderError after, each with a trace of what went over the wire.
    """
    start = time.perf_counter()
    health = health or VendorHealth()
    health.circuit_breaker.check()  # before money is set aside
    vendor = VENDORS[target.provider]
    recorder = TraceRecorder(target, prepared.prepare_s)
    request = await anyio.to_thread.run_sync(_build_request, target, prepared)

    async def attempt() -> ParsedResponse:
        if paid_call is not None:
            await _wait_with_progress(await paid_call.rate_limit_delay(), on_progress)
        with health.circuit_breaker.guard():
            if paid_call is not None:
                await paid_call.mark_sent(len(request.content))
            on_progress(Phase.SEND, 0.0)
            recorder.start_attempt(request)
            try:
                response = await exchange(client, target, request)
                recorder.record_response(response)
                parsed = await anyio.to_thread.run_sync(vendor.parse, response)
            except VendorError as error:
                error.facts.update(parse_retry_after(response))
                raise
            finally:
                recorder.stopwatch.stop()
        if paid_call is not None:
            await paid_call.mark_confirmed(parsed.request_id, len(response.content))
        return parsed

    def on_retry() -> None:
        recorder.stopwatch.enter("wait")
        on_progress(Phase.RETRY, 0.0)

    recorder.stopwatch.enter("wait")
    try:
        async with open_paid_call() if open_paid_call and target.is_billable else nullcontext() as paid_call:
            parsed = await call_with_retry(health.retry_budget, attempt, on_retry)
    except DemoError as error:
        await recorder.finish(request, error)
        raise
    elapsed_s = time.perf_counter() - start
    return VendorReply(parsed, elapsed_s, len(request.content), await recorder.finish(request, parsed))


async def fetch_result(
    client: httpx.AsyncClient,
    target: CallTarget,
    prepared: PreparedCall,
    reply: VendorReply,
    *,
    on_progress: ProgressCallback = no_progress,
) -> CallResult:
    """The finished call. Costs nothing, also a second time. Raises LinkRejected or BadReply."""
    start = time.perf_counter()
    if isinstance(reply.response.media, ResultLink):
        on_progress(Phase.DOWNLOAD, 0.0)
    with resume_stopwatch(reply.trace) as stopwatch:
        result_photo = await _load_result_photo(client, target, reply.response, stopwatch)
    fetched_bytes = len(result_photo.data) if isinstance(reply.response.media, ResultLink) else 0
    return CallResult(
        prepared.endpoint,
        target.mode,
        prepared.values,
        prepared.photo,
        result_photo,
        prepared.changes,
        reply.elapsed_s + time.perf_counter() - start,
        reply.response.request_id,
        host=urlsplit(target.base_url).hostname or "" if target.mode == "live" else "",
        bytes_sent=reply.bytes_sent,
        trace=reply.trace and reply.trace.extend(stopwatch, fetched_bytes),
    )


def _build_request(target: CallTarget, prepared: PreparedCall) -> httpx.Request:
    """The request, whole in memory: its size is written down, and it may have to be sent twice."""
    request = VENDORS[target.provider].build(prepared.endpoint, target, prepared.photo, prepared.values)
    request.headers.update(target.extra_headers)
    request.read()
    return request


async def _wait_with_progress(
    seconds: float, on_progress: ProgressCallback, sleep: Callable[[float], Awaitable[None]] = anyio.sleep
) -> None:
    """Wait for a turn; whoever watches sees the seconds run down."""
    end = time.monotonic() + seconds
    while (remaining_s := end - time.monotonic()) > 0:
        on_progress(Phase.WAIT, remaining_s)
        await sleep(min(remaining_s, 1.0))


async def _load_result_photo(
    client: httpx.AsyncClient, target: CallTarget, response: ParsedResponse, stopwatch: Stopwatch
) -> Photo:
    media = response.media
    if isinstance(media, ResultLink):
        stopwatch.enter("download")
        media = await download.download_result(
            client, media.url, origin=target.base_url, allowed_hosts=target.result_hosts
        )
    stopwatch.enter("decode")
    try:
        return await anyio.to_thread.run_sync(_check_result_photo, media)
    except ImageRejected as error:
        raise InvalidResponse(provider=target.provider, cause="not_an_image") from error


def _check_result_photo(data: bytes) -> Photo:
    """The vendor's own bytes with what they are. Raises ImageRejected when they are no whole picture."""
    width, height = codec.read_size(data)
    return Photo(data, codec.sniff(data) or "", width, height)
