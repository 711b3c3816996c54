"""Faults of the failure lab: the table, what a client should conclude from each, and the answers that produce them.

A call's header ``x-fault`` asks for a fault. The offline server obeys only when it is started with `lab`, so that
strangers cannot make a public server fail; it then also counts the calls that a vendor would have billed.
"""

import asyncio
import base64
import json
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse

from ..domain.billing import Billing
from ..domain.errors import DemoError, InvalidResponse, LinkRejected, OutcomeUnknown, UnreadableResult, VendorError
from ..domain.model import Endpoint
from ..domain.vendor_codes import VendorCode, code_for, find_vendor_code
from ..vendors import VENDORS
from .connection import get_connection
from .dialects import DIALECTS

CODE_PREFIX = "code:"  # followed by a vendor's code: "code:20003"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    outcome: what a client may conclude about the call's cost; None for a call that succeeds.
    error, cause: the error that the call ends in and its fact `cause`, or the code of a VendorError.
    billed: whether a vendor that fails like this would bill the call: it has read the whole request or computed.
    only_inline_media: affects only base64 pictures in the answer; an answer with a link succeeds.
    """

    outcome: Billing | None
    error: type[DemoError] | None = None
    cause: str = ""
    billed: bool = True
    only_inline_media: bool = False


HARMLESS = Fault(None)
FAULTS: dict[str, Fault] = {
    # no answer
    "timeout_before": Fault(Billing.UNKNOWN, OutcomeUnknown, "read_timeout", billed=False),
    "timeout_after": Fault(Billing.UNKNOWN, OutcomeUnknown, "read_timeout"),
    "reset": Fault(Billing.UNKNOWN, OutcomeUnknown, "reset"),
    "drip": Fault(Billing.UNKNOWN, OutcomeUnknown, "read_timeout"),
    # an answer without a usable body
    "truncated_json": Fault(Billing.UNKNOWN, InvalidResponse, "cut_off"),
    "html_200": Fault(Billing.UNKNOWN, InvalidResponse, "not_json"),
    "empty": Fault(Billing.UNKNOWN, InvalidResponse, "empty"),
    "huge": Fault(Billing.UNKNOWN, InvalidResponse, "too_large"),
    "gzip_bomb": Fault(Billing.UNKNOWN, InvalidResponse, "too_large"),
    "redirect": Fault(Billing.UNKNOWN, InvalidResponse, "redirect", billed=False),
    "wrong_content_type": HARMLESS,
    # an answer without a usable picture
    "base64_newlines": Fault(None, only_inline_media=True),
    "base64_prefix": Fault(None, only_inline_media=True),
    "base64_garbage": Fault(Billing.UNKNOWN, InvalidResponse, "not_base64", only_inline_media=True),
    "base64_cut_tail": Fault(Billing.DONE, UnreadableResult, "not_an_image", only_inline_media=True),
    "not_an_image": Fault(Billing.DONE, UnreadableResult, "not_an_image"),
    "expired_link": Fault(Billing.DONE, LinkRejected, "expired"),
    # a refusal for load; any other refusal is CODE_PREFIX and its code
    "rate_limited": Fault(Billing.NOT_PROCESSED, VendorError, billed=False),
    "rate_limited_bare": Fault(Billing.NOT_PROCESSED, VendorError, billed=False),
}


def resolve_fault(name: str, vendor_id: str) -> Fault:
    """Fault `name` as it applies to `vendor_id`'s endpoints. Raises KeyError for an unknown name."""
    if name.startswith(CODE_PREFIX):
        code = resolve_vendor_code(name, vendor_id)
        return Fault(Billing(code.outcome), VendorError, code.code, billed=code.outcome == "unknown")
    fault = FAULTS[name]
    if fault.only_inline_media and VENDORS[vendor_id].always_links:
        return HARMLESS
    return replace(fault, cause=resolve_vendor_code(name, vendor_id).code) if name.startswith("rate_limited") else fault


def resolve_vendor_code(name: str, vendor_id: str) -> VendorCode:
    """The vendor's code that fault `name` answers with; a code that is not listed is used as it is, with status 400."""
    if not name.startswith(CODE_PREFIX):
        return code_for(vendor_id, "rate_limited")
    code = name.removeprefix(CODE_PREFIX)
    return find_vendor_code(vendor_id, code) or VendorCode(vendor_id, code, slug="", outcome="unknown", http=400)


NOT_A_PICTURE = b"This is no picture."


@dataclass(frozen=True, slots=True)
class _Reply:
    """A successful reply, which a fault will corrupt. data: its body."""

    request: Request
    endpoint: Endpoint
    data: bytes

    def with_base64(self, change: Callable[[str], str]) -> Response:
        """The reply with `change` applied to its base64 text."""
        body = json.loads(self.data)
        DIALECTS[self.endpoint.vendor_id].change_base64(body, change)
        return JSONResponse(body)

    def with_link(self, token: str) -> Response:
        """The reply with a link to the stored result `token`."""
        body = json.loads(self.data)
        DIALECTS[self.endpoint.vendor_id].set_link(body, str(self.request.url_for("result", token=token)))
        return JSONResponse(body)

    def without_picture(self) -> Response:
        """The reply with plain text instead of a picture."""
        if VENDORS[self.endpoint.vendor_id].always_links:
            return self.with_link(self.request.app.state.results.put(NOT_A_PICTURE))
        return self.with_base64(lambda text: base64.b64encode(NOT_A_PICTURE).decode())


def _break_lines(text: str) -> str:
    return "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76))


RESPONSE_FAULTS: dict[str, Callable[[_Reply], Response]] = {
    "truncated_json": lambda reply: Response(reply.data[: len(reply.data) // 2], media_type="application/json"),
    "wrong_content_type": lambda reply: HTMLResponse(reply.data),
    "base64_newlines": lambda reply: reply.with_base64(_break_lines),
    "base64_prefix": lambda reply: reply.with_base64(lambda text: f"data:image/jpeg;base64,{text}"),
    "base64_garbage": lambda reply: reply.with_base64(
        lambda text: f"{text[: len(text) // 2]}!%$?{text[len(text) // 2 + 4 :]}"
    ),
    "base64_cut_tail": lambda reply: reply.with_base64(lambda text: text[: len(text) * 2 // 3 // 4 * 4]),
    "not_an_image": _Reply.without_picture,
    "expired_link": lambda reply: reply.with_link("expired"),
}

FAULT_HEADER = "x-fault"
MAX_HOLD_S = 90.0  # longer than any client waits, but bounded
DRIP_INTERVAL_S = 0.1
HUGE_BODY_BYTES = 128 * 1024 * 1024  # a normal answer has a few million bytes at most
CHUNK = b" " * 65536  # JSON may start with white space, so a reader cannot stop early
AnswerCall = Callable[[], Awaitable[Response]]


async def answer_with_fault(request: Request, endpoint: Endpoint, answer_call: AnswerCall) -> Response:
    """The answer of `answer_call`, or the fault's answer instead."""
    name = request.headers.get(FAULT_HEADER) or request.app.state.fault
    charges = request.app.state.charges
    if not name or name in RESPONSE_FAULTS:
        response = await answer_call()
        if response.status_code != 200:  # a refusal is passed on, and costs nothing
            return response
        charges[endpoint.id] += 1
        return RESPONSE_FAULTS[name](_Reply(request, endpoint, bytes(response.body))) if name else response
    if name == "timeout_before":
        return await _stay_silent(request)
    try:
        async for _ in request.stream():  # read the whole body, or the client would fail while sending it
            pass
    except ClientDisconnect:
        return Response()  # nobody receives it
    fault_handler = FAULT_HANDLERS.get(CODE_PREFIX if name.startswith(CODE_PREFIX) else name)
    if fault_handler is None:
        return PlainTextResponse(f"no such fault; there are: {', '.join(FAULTS)}, {CODE_PREFIX}CODE\n", 400)
    if resolve_fault(name, endpoint.vendor_id).billed:
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
    """An answer that never ends: one space at a time, often enough to avoid a timeout between bytes."""
    connection = get_connection(request)

    async def iter_chunks() -> AsyncIterator[bytes]:
        for _ in range(round(MAX_HOLD_S / DRIP_INTERVAL_S)):
            yield b" "
            await connection.wait_closed(DRIP_INTERVAL_S)
            if connection.is_closed:
                break
        await connection.reset()

    return StreamingResponse(iter_chunks(), media_type="application/json")


async def _answer_html(*_: object) -> Response:
    return HTMLResponse("<!doctype html><title>Sign in</title><p>Welcome to this hotel's network.")


async def _answer_empty(*_: object) -> Response:
    return Response(media_type="application/json")


async def _answer_huge(request: Request, *_: object) -> Response:
    connection = get_connection(request)

    async def iter_chunks() -> AsyncIterator[bytes]:
        for _ in range(HUGE_BODY_BYTES // len(CHUNK)):
            if connection.is_closed:
                return
            yield CHUNK
            await asyncio.sleep(0)  # sending may not yield, and a disconnect would go unnoticed

    return StreamingResponse(iter_chunks(), media_type="application/json")


async def _answer_gzip_bomb(*_: object) -> Response:
    bomb = await anyio.to_thread.run_sync(_build_gzip_bomb)
    return Response(bomb, media_type="application/json", headers={"content-encoding": "gzip"})


@cache
def _build_gzip_bomb() -> bytes:
    """HUGE_BODY_BYTES of white space, compressed to about a thousandth."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return b"".join([*(compressor.compress(CHUNK) for _ in range(HUGE_BODY_BYTES // len(CHUNK))), compressor.flush()])


async def _answer_redirect(*_: object) -> Response:
    return Response(status_code=307, headers={"location": "http://elsewhere.invalid/"})


async def _answer_vendor_code(request: Request, endpoint: Endpoint, name: str) -> Response:
    response = DIALECTS[endpoint.vendor_id].vendor_answer(resolve_vendor_code(name, endpoint.vendor_id))
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
