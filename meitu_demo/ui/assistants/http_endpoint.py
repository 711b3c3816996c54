"""The route /mcp: sessions, size limits, and extraction of the tool's arguments from the body.

Arguments contain a photo. They are extracted in a worker thread and bypass the MCP library, which would parse them on
the event loop, repeat them in errors and log them. A session is only a random id that the client sends back: nothing is
stored for it, so nobody can fill the memory with sessions, and it is valid on every replica and after a restart.
"""

import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..security.session_data import SessionData

MAX_BODY_BYTES = 6_000_000  # a photo of 4 MB as base64; a larger one is uploaded first
MAX_ENVELOPE_BYTES = 64 * 1024  # of the message without the tool's arguments
MAX_TOTAL_BODY_BYTES = 96 * 1024 * 1024  # of all bodies that are in memory
MAX_BODY_READ_S = 60.0  # for the whole body
SESSION_ID_PATTERN = re.compile(r"[0-9a-f]{32}")
SESSION_HEADER = "mcp-session-id"
TOOL_REQUEST_KEY = "assistant"  # key in a request's scope, read by `tools`


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A request's session, and the unchecked arguments of a tool's call, which are never logged."""

    session_id: str
    arguments: object = field(default=None, repr=False)


class _HttpError(Exception):
    """Ends a request with an HTTP status and a message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class McpHttpApp:
    """ASGI app around the library's `app`. Ending a session deletes its data."""

    def __init__(self, app: ASGIApp, session_data: SessionData) -> None:
        self.app = app
        self._session_data = session_data
        self._total_body_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            session_id = _parse_session_id(scope)
            if scope["method"] == "DELETE":
                await self._session_data.delete(session_id)
                await Response(status_code=200)(scope, receive, send)
            elif scope["method"] == "POST":
                await self._serve_message(session_id, scope, receive, send)
            else:  # GET: there are no unsolicited messages
                await Response(status_code=405, headers={"allow": "POST, DELETE"})(scope, receive, send)
        except _HttpError as refused:
            await _build_error_response(refused)(scope, receive, send)

    async def _serve_message(self, session_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            with anyio.move_on_after(MAX_BODY_READ_S) as read_timeout:
                await self._read_body(scope, receive, body)
            if read_timeout.cancelled_caught:
                raise _HttpError(408, "The message did not come in time.")
            envelope, arguments, is_new_session = await anyio.to_thread.run_sync(_split_arguments, bytes(body))
            headers = [pair for pair in scope["headers"] if pair[0] not in (b"content-length", b"transfer-encoding")]
            inner_scope = {**scope, "headers": headers, TOOL_REQUEST_KEY: ToolRequest(session_id, arguments)}
            await self.app(
                inner_scope,
                _replay_body(envelope, receive),
                _add_session_header(send, session_id) if is_new_session else send,
            )
        finally:
            self._total_body_bytes -= len(body)

    async def _read_body(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > MAX_BODY_BYTES:
            raise _HttpError(413, f"A message may have {MAX_BODY_BYTES} bytes; upload a larger photo first.")
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _HttpError(400, "The message broke off.")
            chunk = message.get("body", b"")
            if len(body) + len(chunk) > MAX_BODY_BYTES:
                raise _HttpError(413, f"A message may have {MAX_BODY_BYTES} bytes; upload a larger photo first.")
            if self._total_body_bytes + len(chunk) > MAX_TOTAL_BODY_BYTES:
                raise _HttpError(503, "Too many photos are on their way in. Try again in a moment.")
            body += chunk
            self._total_body_bytes += len(chunk)
            if not message.get("more_body", False):
                return


def _parse_session_id(scope: Scope) -> str:
    """The id of the session that a request names, or of a new one."""
    requested_id = Headers(scope=scope).get(SESSION_HEADER)
    if requested_id is None and scope["method"] != "DELETE":
        return f"assistant {secrets.token_hex(16)}"
    if requested_id is None or not SESSION_ID_PATTERN.fullmatch(requested_id):
        raise _HttpError(404, "There is no such session.")  # 404 makes a client start a new one
    return f"assistant {requested_id}"


def _split_arguments(body: bytes) -> tuple[bytes, object, bool]:
    """(message without the tool's arguments, arguments, whether it opens a session). Blocks."""
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise _HttpError(400, "The message is not JSON.") from None
    if not isinstance(message, dict):
        raise _HttpError(400, "One message at a time, as an object.")
    arguments: object = None
    params = message.get("params")
    if message.get("method") == "tools/call" and isinstance(params, dict):
        arguments = params.pop("arguments", None)
    envelope = json.dumps(message).encode()
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise _HttpError(413, f"All but a tool's arguments may have {MAX_ENVELOPE_BYTES} bytes.")
    return envelope, arguments, message.get("method") == "initialize"


def _replay_body(body: bytes, receive: Receive) -> Receive:
    """The whole body first, then what `receive` gives, such as a disconnect."""
    pending = [body]

    async def replay() -> Message:
        return {"type": "http.request", "body": pending.pop(), "more_body": False} if pending else await receive()

    return replay


def _add_session_header(send: Send, session_id: str) -> Send:
    async def send_with_session(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[SESSION_HEADER] = session_id.removeprefix("assistant ")
        await send(message)

    return send_with_session


def _build_error_response(http_error: _HttpError) -> Response:
    error = {"code": -32600, "message": http_error.message}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, http_error.status)
