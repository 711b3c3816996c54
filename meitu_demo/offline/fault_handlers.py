"""The failure lab: does to a call what its header ``x-fault`` says, and counts what a vendor would have billed.

For whoever wants to see how a client takes it. Only where the server was started so: strangers must not be able to
tell a public server to fail.
"""

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache
from typing import Any

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from ..domain.model import Endpoint
from .connection import get_connection
from .dialects import DIALECTS
from .faults import CODE_PREFIX, FAULTS, resolve_fault, resolve_vendor_code

# MERGED offline/damage.py: The failure lab's damages: what can be wrong with an answer that was good. For `lab.py`
# alone.

NOT_A_PICTURE = b"This is no picture."
JsonObject = dict[str, Any]


def _corrupt_base64(change: Callable[[str], str]) -> Callable[[Request, bytes], Response]:
    def corrupt(request: Request, answer_body: bytes) -> Response:
        body: JsonObject = json.loads(answer_body)
        for media in body.get("media_info_list", ()):
            if media["media_profiles"]["media_data_type"] != "url":
                media["media_data"] = change(media["media_data"])
        return JSONResponse(body)

    return corrupt


def _replace_with_link(request: Request, answer_body: bytes, token: str) -> Response:
    """The same answer with the picture behind another link."""
    body: JsonObject = json.loads(answer_body)
    link = str(request.url_for("result", token=token))
    if "data" in body:
        body["data"]["image_url"] = link
    else:
        body["media_info_list"] = [{"media_data": link, "media_profiles": {"media_data_type": "url"}}]
    return JSONResponse(body)


def _replace_with_text(request: Request, answer_body: bytes) -> Response:
    if "data" in json.loads(answer_body):
        return _replace_with_link(request, answer_body, request.app.state.results.put(NOT_A_PICTURE))
    return _corrupt_base64(lambda media: base64.b64encode(NOT_A_PICTURE).decode())(request, answer_body)


RESPONSE_FAULTS: dict[str, Callable[[Request, bytes], Response]] = {
    "truncated_json": lambda request, answered: Response(answered[: len(answered) // 2], media_type="application/json"),
    "wrong_content_type": lambda request, answered: HTMLResponse(answered),
    "base64_newlines": _corrupt_base64(lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))),
    "base64_prefix": _corrupt_base64(lambda text: f"data:image/jpeg;base64,{text}"),
    "base64_garbage": _corrupt_base64(lambda text: f"{text[: len(text) // 2]}!%$?{text[len(text) // 2 + 4 :]}"),
    "base64_cut_tail": _corrupt_base64(lambda text: text[: len(text) * 2 // 3 // 4 * 4]),
    "not_an_image": _replace_with_text,
    "expired_link": lambda request, answered: _replace_with_link(request, answered, "expired"),
}

FAULT_HEADER = "x-fault"
MAX_HOLD_S = 90.0  # longer than any client's patience, and no longer: nothing here lasts for ever
DRIP_INTERVAL_S = 0.1
HUGE_BODY_BYTES = 128 * 1024 * 1024  # bytes; an honest answer has a few millions at most
CHUNK = b" " * 65536  # white space is JSON so far, so a reader cannot know better
AnswerCall = Callable[[], Awaitable[Response]]


async def answer_with_fault(request: Request, endpoint: Endpoint, answer_call: AnswerCall) -> Response:
    """The answer of `work`, or what the fault makes of it."""
    name = request.headers.get(FAULT_HEADER) or request.app.state.fault
    charges = request.app.state.charges
    if not name or name in RESPONSE_FAULTS:
        response = await answer_call()
        if response.status_code != 200:  # a refusal stays one, and costs nothing
            return response
        charges[endpoint.id] += 1
        return RESPONSE_FAULTS[name](request, bytes(response.body)) if name else response
    if name == "timeout_before":
        return await _stay_silent(request)
    try:
        async for _ in request.stream():  # or the client would see its sending break off
            pass
    except ClientDisconnect:
        return Response()  # to nobody
    fault_handler = FAULT_HANDLERS.get(CODE_PREFIX if name.startswith(CODE_PREFIX) else name)
    if fault_handler is None:
        return PlainTextResponse(f"no such fault; there are: {', '.join(FAULTS)}, {CODE_PREFIX}CODE\n", 400)
    if resolve_fault(name, endpoint.provider).billed:
        charges[endpoint.id] += 1
    return await fault_handler(request, endpoint, name)


async def _stay_silent(request: Request, *_: object) -> Response:
    connection = get_connection(request)
    await connection.wait_closed(MAX_HOLD_S)
    await connection.reset()
    return Response()


async def _reset_connection(request: Request, *_: object) -> Response:
    await get_connection(request).reset()
    return Response()


async def _drip_answer(request: Request, *_: object) -> Response:
    """An answer that never comes to its point, always in time for the next byte."""
    connection = get_connection(request)

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(round(MAX_HOLD_S / DRIP_INTERVAL_S)):
            yield b" "
            await connection.wait_closed(DRIP_INTERVAL_S)
            if connection.is_closed:
                break
        await connection.reset()

    return StreamingResponse(drops(), media_type="application/json")


async def _answer_html(*_: object) -> Response:
    return HTMLResponse("<!doctype html><title>Sign in</title><p>Welcome to this hotel's network.")


async def _answer_empty(*_: object) -> Response:
    return Response(media_type="application/json")


async def _answer_huge(request: Request, *_: object) -> Response:
    connection = get_connection(request)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(HUGE_BODY_BYTES // len(CHUNK)):
            if connection.is_closed:
                return
            yield CHUNK
            await asyncio.sleep(0)  # sending may not wait, and then nothing would be heard of the client's leaving

    return StreamingResponse(pieces(), media_type="application/json")


async def _answer_gzip_bomb(*_: object) -> Response:
    bomb = await anyio.to_thread.run_sync(_build_gzip_bomb)
    return Response(bomb, media_type="application/json", headers={"content-encoding": "gzip"})


@cache
def _build_gzip_bomb() -> bytes:
    """HUGE bytes as a gzip file a thousandth of that size."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*(compressor.compress(CHUNK) for _ in range(HUGE_BODY_BYTES // len(CHUNK))), compressor.flush()])


async def _answer_redirect(*_: object) -> Response:
    return Response(status_code=307, headers={"location": "http://elsewhere.invalid/"})


async def _answer_vendor_code(request: Request, endpoint: Endpoint, name: str) -> Response:
    response = DIALECTS[endpoint.provider].vendor_answer(resolve_vendor_code(name, endpoint.provider))
    if not name.startswith(CODE_PREFIX):
        response.status_code = 429
        if name == "rate_limited":
            response.headers["retry-after"] = "1"
    return response


FAULT_HANDLERS: dict[str, Callable[[Request, Endpoint, str], Awaitable[Response]]] = {
    "timeout_after": _stay_silent,
    "reset": _reset_connection,
    "drip": _drip_answer,
    "html_200": _answer_html,
    "empty": _answer_empty,
    "huge": _answer_huge,
    "gzip_bomb": _answer_gzip_bomb,
    "redirect": _answer_redirect,
    "rate_limited": _answer_vendor_code,
    "rate_limited_bare": _answer_vendor_code,
    CODE_PREFIX: _answer_vendor_code,
}
