"""The failure lab: does to a call what its header ``x-fault`` says, and counts what a vendor would have billed.

For whoever wants to see how a client takes it. Only where the server was started so: strangers must not be able to
tell a public server to fail.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response, StreamingResponse

from ..spec import Endpoint
from . import ailab_gateway, meitu_gateway
from .damage import DAMAGES
from .faults import CODE, FAULTS, code_of, expected
from .wire import wire_of

HEADER = "x-fault"
HOLD_S = 90.0  # longer than any client's patience, and no longer: nothing here lasts for ever
DRIP_S = 0.1
HUGE = 128 * 1024 * 1024  # bytes; an honest answer has a few millions at most
PIECE = b" " * 65536  # white space is JSON so far, so a reader cannot know better
SAY = {"meitu": meitu_gateway.say, "ailab": ailab_gateway.say}
Work = Callable[[], Awaitable[Response]]


async def answer(request: Request, endpoint: Endpoint, work: Work) -> Response:
    """The answer of `work`, or what the fault makes of it."""
    name = request.headers.get(HEADER) or request.app.state.fault
    charges = request.app.state.charges
    if not name or name in DAMAGES:
        response = await work()
        if response.status_code != 200:  # a refusal stays one, and costs nothing
            return response
        charges[endpoint.id] += 1
        return DAMAGES[name](request, bytes(response.body)) if name else response
    if name == "timeout_before":
        return await _silence(request)
    try:
        async for _ in request.stream():  # or the client would see its sending break off
            pass
    except ClientDisconnect:
        return Response()  # to nobody
    instead = INSTEAD.get(CODE if name.startswith(CODE) else name)
    if instead is None:
        return PlainTextResponse(f"no such fault; there are: {', '.join(FAULTS)}, {CODE}CODE\n", 400)
    if expected(name, endpoint.provider).billed:
        charges[endpoint.id] += 1
    return await instead(request, endpoint, name)


async def _silence(request: Request, *_: object) -> Response:
    wire = wire_of(request)
    await wire.hold(HOLD_S)
    await wire.cut()
    return Response()


async def _reset(request: Request, *_: object) -> Response:
    await wire_of(request).cut()
    return Response()


async def _drip(request: Request, *_: object) -> Response:
    """An answer that never comes to its point, always in time for the next byte."""
    wire = wire_of(request)

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(round(HOLD_S / DRIP_S)):
            yield b" "
            await wire.hold(DRIP_S)
            if wire.gone:
                break
        await wire.cut()

    return StreamingResponse(drops(), media_type="application/json")


async def _html(*_: object) -> Response:
    return HTMLResponse("<!doctype html><title>Sign in</title><p>Welcome to this hotel's network.")


async def _empty(*_: object) -> Response:
    return Response(media_type="application/json")


async def _huge(request: Request, *_: object) -> Response:
    wire = wire_of(request)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(HUGE // len(PIECE)):
            if wire.gone:
                return
            yield PIECE
            await asyncio.sleep(0)  # sending may not wait, and then nothing would be heard of the client's leaving

    return StreamingResponse(pieces(), media_type="application/json")


async def _gzip_bomb(*_: object) -> Response:
    packed = await anyio.to_thread.run_sync(_packed)
    return Response(packed, media_type="application/json", headers={"content-encoding": "gzip"})


@cache
def _packed() -> bytes:
    """HUGE bytes as a gzip file a thousandth of that size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*(packer.compress(PIECE) for _ in range(HUGE // len(PIECE))), packer.flush()])


async def _redirect(*_: object) -> Response:
    return Response(status_code=307, headers={"location": "http://elsewhere.invalid/"})


async def _refusal(request: Request, endpoint: Endpoint, name: str) -> Response:
    response = SAY[endpoint.provider](code_of(name, endpoint.provider))
    if not name.startswith(CODE):
        response.status_code = 429
        if name == "rate_limited":
            response.headers["retry-after"] = "1"
    return response


INSTEAD: dict[str, Callable[[Request, Endpoint, str], Awaitable[Response]]] = {
    "timeout_after": _silence,
    "reset": _reset,
    "drip": _drip,
    "html_200": _html,
    "empty": _empty,
    "huge": _huge,
    "gzip_bomb": _gzip_bomb,
    "redirect": _redirect,
    "rate_limited": _refusal,
    "rate_limited_bare": _refusal,
    CODE: _refusal,
}
