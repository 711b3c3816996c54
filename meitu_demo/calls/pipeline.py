"""The three steps of a call, independent of vendors and screens.

    prepare        check the values; check the photo and fit it to the limits; nothing is sent
    send           build, send and parse: the step that may cost money
    fetch_result   download the result if the reply is a link; free, even when repeated

They are the same for a vendor and the offline server: the target says where a call goes.
"""

import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import httpx

from ..domain.errors import DemoError, ImageRejected, UnreadableResult, VendorError
from ..domain.model import (
    CallTarget,
    Endpoint,
    ParsedResponse,
    Photo,
    PhotoChange,
    PreparedCall,
    RecordedCall,
    ResultLink,
    Values,
)
from ..inspector.trace import Stopwatch, Trace, TraceRecorder, resume_stopwatch
from ..photos import codec
from ..vendors import VENDORS
from . import download
from .circuit_breaker import VendorHealth
from .exchange import exchange, parse_retry_after
from .retry import call_with_retry

if TYPE_CHECKING:
    from ..ledger.async_ledger import PaidCall


class Phase(Enum):
    """How far a call has come."""

    PREPARE = "prepare"
    QUEUE = "queue"  # for the offline engine, with the estimated seconds; 0 if unknown
    WAIT = "wait"  # for the rate limit, with the remaining seconds
    SEND = "send"
    RETRY = "repeat"
    DOWNLOAD = "download"


ProgressCallback = Callable[[Phase, float], None]
ResponseCallback = Callable[[httpx.Response], None]


@dataclass(frozen=True, slots=True)
class CallResult:
    """A finished call. `result_photo` holds the vendor's bytes unchanged, `sent_photo` the photo as it was sent."""

    endpoint: Endpoint
    mode: str
    values: Values = field(repr=False)  # not in logs: a person may have typed anything
    sent_photo: Photo
    result_photo: Photo
    changes: tuple[PhotoChange, ...]
    elapsed_s: float
    request_id: str | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    host: str = ""  # of the vendor; "" if the photo did not leave the machine
    service: str = ""  # `CallTarget.service`
    bytes_sent: int = 0
    trace: Trace | None = field(default=None, repr=False)
    run_id: str = ""  # in the log
    recorded: RecordedCall | None = None  # the call that was shown again; nothing was sent
    is_saved: bool = False  # as a recording, which outlives the session

    @property
    def is_paid(self) -> bool:
        """Whether it was a paid call, real or the failure lab's."""
        return self.mode in ("live", "lab")


@dataclass(frozen=True, slots=True)
class VendorReply:
    """The vendor's answer. elapsed_s: until it came, waits and retries included. bytes_sent: of the request body."""

    response: ParsedResponse
    elapsed_s: float
    bytes_sent: int
    trace: Trace | None = field(default=None, repr=False)


OpenPaidCall = Callable[[], AbstractAsyncContextManager["PaidCall"]]


def no_progress(phase: Phase, seconds: float) -> None:
    """A progress callback that does nothing."""


async def prepare(endpoint: Endpoint, source: bytes, values: Values, thumbnail_px: int = 0) -> PreparedCall:
    """A call of `endpoint` with the photo in `source`, an encoded picture in any accepted format.

    thumbnail_px: see `codec.prepare`. Raises ImageRejected or ValueRejected.
    """
    start = time.perf_counter()
    checked_values = endpoint.validate(values)
    prepared_photo = await anyio.to_thread.run_sync(codec.prepare, source, endpoint.limits, thumbnail_px)
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
    on_response: ResponseCallback | None = None,
) -> VendorReply:
    """The vendor's reply to `prepared`.

    open_paid_call: opens the ledger entry of a billable call. health: the vendor's; by default a new one.
    on_response: called with each complete answer before it is parsed.
    Raises CircuitOpen, RateLimited, or what the ledger raises, before anything is sent; Unreachable, OutcomeUnknown,
    InvalidResponse or VendorError after, each with a trace of what went over the wire.
    """
    start = time.perf_counter()
    health = health or VendorHealth()
    health.circuit_breaker.check()  # before money is reserved
    recorder = TraceRecorder(target, prepared.prepare_s)
    request = await anyio.to_thread.run_sync(_build_request, target, prepared)

    def on_retry() -> None:
        recorder.stopwatch.enter("wait")
        on_progress(Phase.RETRY, 0.0)

    recorder.stopwatch.enter("wait")
    try:
        async with open_paid_call() if open_paid_call and target.is_billable else nullcontext() as paid_call:

            async def attempt() -> ParsedResponse:
                if paid_call:
                    await _wait_with_progress(await paid_call.rate_limit_delay(), on_progress)
                with health.circuit_breaker.guard():
                    if paid_call:
                        await paid_call.mark_sent(len(request.content))
                    on_progress(Phase.SEND, 0.0)
                    recorder.start_attempt(request)
                    try:
                        response = await exchange(client, target, request)
                        recorder.record_response(response)
                        if on_response:
                            on_response(response)
                        parsed = await _parse(target, response)
                    finally:
                        recorder.stopwatch.stop()
                if paid_call:
                    await paid_call.mark_confirmed(parsed.request_id, len(response.content))
                return parsed

            parsed = await call_with_retry(health.retry_budget, attempt, on_retry)
    except DemoError as error:
        await recorder.finish(request, error)
        raise
    elapsed_s = time.perf_counter() - start
    return VendorReply(parsed, elapsed_s, len(request.content), await recorder.finish(request, parsed))


async def _parse(target: CallTarget, response: httpx.Response) -> ParsedResponse:
    try:
        return await anyio.to_thread.run_sync(VENDORS[target.vendor_id].parse, response)
    except VendorError as error:
        error.facts.update(parse_retry_after(response))
        raise


async def fetch_result(
    client: httpx.AsyncClient,
    target: CallTarget,
    prepared: PreparedCall,
    reply: VendorReply,
    *,
    on_progress: ProgressCallback = no_progress,
) -> CallResult:
    """The finished call. Costs nothing, even when repeated. Raises LinkRejected or UnreadableResult."""
    start = time.perf_counter()
    if isinstance(reply.response.media, ResultLink):
        on_progress(Phase.DOWNLOAD, 0.0)
    with resume_stopwatch(reply.trace) as stopwatch:
        try:
            result_photo = await _load_result_photo(client, target, reply.response, stopwatch)
        except DemoError as error:
            error.facts["request_id"] = reply.response.request_id  # the vendor's support asks for it
            raise
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
        service=target.service,
        bytes_sent=reply.bytes_sent,
        trace=reply.trace and reply.trace.extend(stopwatch, fetched_bytes),
        recorded=target.recorded,
    )


def _build_request(target: CallTarget, prepared: PreparedCall) -> httpx.Request:
    """The request with its body in memory: its size is recorded, and it may be sent twice."""
    request = VENDORS[target.vendor_id].build(prepared.endpoint, target, prepared.photo, prepared.values)
    request.headers.update(target.extra_headers)
    request.read()
    return request


async def _wait_with_progress(
    seconds: float, on_progress: ProgressCallback, sleep: Callable[[float], Awaitable[None]] = anyio.sleep
) -> None:
    """Wait, and report the remaining seconds about once a second."""
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
        return await anyio.to_thread.run_sync(codec.read_photo, media)
    except ImageRejected as error:
        raise UnreadableResult(vendor=target.vendor_id, cause="not_an_image") from error
