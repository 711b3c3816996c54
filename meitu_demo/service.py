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

from . import links
from .calling import Line, attempts, exchange, retry_after
from .errors import BadReply, DemoError, ImageRejected, ProviderError
from .imaging import codec
from .inspector import Stopwatch, Trace, TraceRecorder, resume_stopwatch
from .providers import VENDOR_CODECS
from .spec import Change, Endpoint, Link, Order, Photo, Reply, Route, Values


class Step(Enum):
    """Where a call is, for whoever watches it."""

    PREPARE = "prepare"
    QUEUE = "queue"  # for the offline engine, with about the seconds until it is free; 0 if nobody knows yet
    WAIT = "wait"  # with the seconds that are left of it
    SEND = "send"
    REPEAT = "repeat"
    DOWNLOAD = "download"


Watch = Callable[[Step, float], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished call. `result` holds the vendor's own bytes, `sent` the photo as it went out."""

    endpoint: Endpoint
    mode: str
    values: Values = field(repr=False)  # a person may have typed anything
    sent: Photo
    result: Photo
    changes: tuple[Change, ...]
    elapsed_s: float
    request_id: str | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    made_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    host: str = ""  # where the photo went; "" where it did not leave the machine
    bytes_sent: int = 0
    trace: Trace | None = field(default=None, repr=False)
    run: str = ""  # under which the log has it


@dataclass(frozen=True, slots=True)
class Asked:
    """What the vendor answered, how long it took with all waiting, and how much was sent."""

    reply: Reply
    elapsed_s: float
    bytes_sent: int
    trace: Trace | None = field(default=None, repr=False)


class Account(Protocol):
    """What a paid call is written down in."""

    async def turn(self) -> float:
        """Seconds until the vendor's rate lets the call through."""

    async def sent(self, bytes_sent: int) -> None:
        """The next byte leaves the machine; raises when it must not."""

    async def confirmed(self, request_id: str | None, bytes_received: int) -> None:
        """The vendor did it."""


Pay = Callable[[], AbstractAsyncContextManager[Account]]


def unwatched(step: Step, seconds: float) -> None:
    """For calls that nobody watches."""


async def run(
    client: httpx.AsyncClient,
    route: Route,
    endpoint: Endpoint,
    source: bytes,
    values: Values,
    *,
    watch: Watch = unwatched,
) -> Outcome:
    """All three steps, for a call that nobody pays for, or not through us. Raises what they raise."""
    watch(Step.PREPARE, 0.0)
    order = await prepare(endpoint, source, values)
    return await collect(client, route, order, await ask(client, route, order, watch=watch), watch=watch)


async def prepare(endpoint: Endpoint, source: bytes, values: Values) -> Order:
    """A call of `endpoint` with the photo in `source` (an encoded picture of any accepted kind).

    Raises ImageRejected or ValueRejected.
    """
    start = time.perf_counter()
    checked = endpoint.read(values)
    prepared = await anyio.to_thread.run_sync(codec.prepare, source, endpoint.limits)
    return Order(endpoint, checked, prepared.photo, prepared.changes, time.perf_counter() - start)


async def ask(
    client: httpx.AsyncClient,
    route: Route,
    order: Order,
    *,
    watch: Watch = unwatched,
    pay: Pay | None = None,
    line: Line | None = None,
) -> Asked:
    """What the vendor answers to `order`.

    pay: opens the account of a paid route's call. line: what is known of the vendor's condition.
    Raises Resting, Busy, or what `pay` raises, before anything is sent; Unreachable, OutcomeUnknown, BadReply or
    ProviderError after, each with a trace of what went over the wire.
    """
    start = time.perf_counter()
    line = line or Line()
    line.breaker.check()  # before money is set aside
    provider = VENDOR_CODECS[route.provider]
    recorder = TraceRecorder(route, order.took_s)
    request = await anyio.to_thread.run_sync(_request, route, order)

    async def once() -> Reply:
        if account is not None:
            await _wait_for(await account.turn(), watch)
        with line.breaker.watching():
            if account is not None:
                await account.sent(len(request.content))
            watch(Step.SEND, 0.0)
            recorder.start_attempt(request)
            try:
                response = await exchange(client, route, request)
                recorder.record_response(response)
                reply = await anyio.to_thread.run_sync(provider.parse, response)
            except ProviderError as error:
                error.facts.update(retry_after(response))
                raise
            finally:
                recorder.stopwatch.stop()
        if account is not None:
            await account.confirmed(reply.request_id, len(response.content))
        return reply

    def repeating() -> None:
        recorder.stopwatch.enter("wait")
        watch(Step.REPEAT, 0.0)

    recorder.stopwatch.enter("wait")
    try:
        async with pay() if pay and route.paid else nullcontext() as account:
            reply = await attempts(line.repeats, once, repeating)
    except DemoError as error:
        await recorder.finish(request, error)
        raise
    elapsed = time.perf_counter() - start
    return Asked(reply, elapsed, len(request.content), await recorder.finish(request, reply))


async def collect(
    client: httpx.AsyncClient, route: Route, order: Order, asked: Asked, *, watch: Watch = unwatched
) -> Outcome:
    """The finished call. Costs nothing, also a second time. Raises LinkRejected or BadReply."""
    start = time.perf_counter()
    if isinstance(asked.reply.media, Link):
        watch(Step.DOWNLOAD, 0.0)
    with resume_stopwatch(asked.trace) as times:
        result = await _picture(client, route, asked.reply, times)
    fetched = len(result.data) if isinstance(asked.reply.media, Link) else 0
    return Outcome(
        order.endpoint,
        route.mode,
        order.values,
        order.photo,
        result,
        order.changes,
        asked.elapsed_s + time.perf_counter() - start,
        asked.reply.request_id,
        host=urlsplit(route.base_url).hostname or "" if route.mode == "live" else "",
        bytes_sent=asked.bytes_sent,
        trace=asked.trace and asked.trace.extend(times, fetched),
    )


def _request(route: Route, order: Order) -> httpx.Request:
    """The request, whole in memory: its size is written down, and it may have to be sent twice."""
    request = VENDOR_CODECS[route.provider].build(order.endpoint, route, order.photo, order.values)
    request.headers.update(route.headers)
    request.read()
    return request


async def _wait_for(seconds: float, watch: Watch, sleep: Callable[[float], Awaitable[None]] = anyio.sleep) -> None:
    """Wait for a turn; whoever watches sees the seconds run down."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        watch(Step.WAIT, left)
        await sleep(min(left, 1.0))


async def _picture(client: httpx.AsyncClient, route: Route, reply: Reply, times: Stopwatch) -> Photo:
    media = reply.media
    if isinstance(media, Link):
        times.enter("download")
        media = await links.fetch(client, media.url, origin=route.base_url, hosts=route.result_hosts)
    times.enter("decode")
    try:
        return await anyio.to_thread.run_sync(_inspect, media)
    except ImageRejected as error:
        raise BadReply(provider=route.provider, cause="not_an_image") from error


def _inspect(data: bytes) -> Photo:
    """The vendor's own bytes with what they are. Raises ImageRejected when they are no whole picture."""
    width, height = codec.read_size(data)
    return Photo(data, codec.sniff(data) or "", width, height)
