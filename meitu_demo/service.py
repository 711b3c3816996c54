"""One call, there and back: check, prepare, build, send, parse, follow the link. Thin; knows no vendor and no screen.

Live or offline is the route's business: nothing here asks which it is.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import anyio
import httpx

from . import links
from .errors import BadReply, ImageRejected
from .imaging import codec
from .providers import PROVIDERS
from .providers.failures import translate
from .spec import Change, Endpoint, Link, Photo, Reply, Route, Values

MAX_REPLY = 40_000_000  # bytes of an answer, unpacked; JPEGs of the largest size that is sent stay far below


class Step(Enum):
    """Where a call is, for whoever watches it."""

    PREPARE = "prepare"
    SEND = "send"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished call. `result` holds the vendor's own bytes, `sent` the photo as it went out."""

    endpoint: Endpoint
    mode: str
    values: Values
    sent: Photo
    result: Photo
    changes: tuple[Change, ...]
    elapsed_s: float
    request_id: str | None = None


class Account(Protocol):
    """What a paid call is written down in."""

    async def sent(self, bytes_sent: int) -> None:
        """The next byte leaves the machine; raises when it must not."""

    async def confirmed(self) -> None:
        """The vendor did it."""


Pay = Callable[[Endpoint, Values, Photo], AbstractAsyncContextManager[Account]]


async def run(
    client: httpx.AsyncClient,
    route: Route,
    endpoint: Endpoint,
    source: bytes,
    values: Values,
    *,
    watch: Callable[[Step], None] = lambda step: None,
    pay: Pay | None = None,
) -> Outcome:
    """Call `endpoint` by `route` with the photo in `source` (an encoded picture of any accepted kind).

    pay: opens the account of a paid route's call. Raises ImageRejected, ValueRejected, or what `pay` raises, before
    anything is sent; Unreachable, OutcomeUnknown, BadReply, LinkRejected or ProviderError after.
    """
    start = time.perf_counter()
    watch(Step.PREPARE)
    checked = endpoint.read(values)
    prepared = await anyio.to_thread.run_sync(codec.prepare, source, endpoint.limits)
    provider = PROVIDERS[endpoint.provider]
    request = await anyio.to_thread.run_sync(provider.build, endpoint, route, prepared.photo, checked)
    watch(Step.SEND)
    async with pay(endpoint, checked, prepared.photo) if pay and route.paid else nullcontext() as account:
        if account is not None:
            await account.sent(len(request.content))
        response = await _send(client, route, request)
        reply = await anyio.to_thread.run_sync(provider.parse, response)
        if account is not None:
            await account.confirmed()
    if isinstance(reply.media, Link):
        watch(Step.DOWNLOAD)
    result = await _picture(client, route, reply)
    elapsed = time.perf_counter() - start
    return Outcome(endpoint, route.mode, checked, prepared.photo, result, prepared.changes, elapsed, reply.request_id)


async def _send(client: httpx.AsyncClient, route: Route, request: httpx.Request) -> httpx.Response:
    """The whole answer. Once it has begun, it has the read timeout to come to its end, however steadily it drips."""
    request.extensions = {"timeout": client.timeout.as_dict(), **request.extensions}
    request.headers.update(links.ASK_FOR)
    try:
        async with aclosing(await client.send(request, stream=True, follow_redirects=False)) as response:
            async with asyncio.timeout(client.timeout.read):
                body = await links.read_bounded(response, MAX_REPLY)
    except links.TooLarge:
        raise BadReply(provider=route.provider, cause="too_large") from None
    except TimeoutError:
        raise translate(route.provider, httpx.ReadTimeout("", request=request)) from None
    except httpx.HTTPError as error:
        error.request = request
        raise translate(route.provider, error) from None  # not chained: its text may hold the URL, and that the key
    unpacked = {name: value for name, value in response.headers.items() if name != "content-encoding"}
    return httpx.Response(response.status_code, headers=unpacked, content=body)


async def _picture(client: httpx.AsyncClient, route: Route, reply: Reply) -> Photo:
    media = reply.media
    if isinstance(media, Link):
        media = await links.fetch(client, media.url, origin=route.base_url, hosts=route.result_hosts)
    try:
        return await anyio.to_thread.run_sync(_inspect, media)
    except ImageRejected as error:
        raise BadReply(provider=route.provider, cause="not_an_image") from error


def _inspect(data: bytes) -> Photo:
    """The vendor's own bytes with what they are. Raises ImageRejected when they are no whole picture."""
    width, height = codec.size_of(data)
    return Photo(data, codec.sniff(data) or "", width, height)
