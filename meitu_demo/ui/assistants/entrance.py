"""The route /mcp: who is asking, how much they may bring, and a body without what they bring.

A tool's arguments hold a photo. They are taken out of the request in a worker thread and go past the library, which
would read them on the event loop, repeat them in its complaints and write them into its log. A session is a name that
the server draws and the client keeps: nothing is held for it here, so nobody can fill the memory with sessions, and a
replica or a restart loses none.
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

from ..guard.belongings import Belongings

MAX_BODY = 6_000_000  # bytes: a photo of 4 MB as base64, and to spare; a larger one is uploaded first
MAX_REST = 64 * 1024  # bytes of all but a tool's arguments
ROOM = 96 * 1024 * 1024  # bytes of bodies that all callers together may have here at a time
SLOWEST_S = 60.0  # for a body to come in
SESSION = re.compile(r"[0-9a-f]{32}")
HEADER = "mcp-session-id"
GIVEN = "assistant"  # in the scope of a request: what it brought, for `calls`


@dataclass(frozen=True, slots=True)
class Given:
    """What came with a request. session: whose it is. arguments: of a tool's call, as they came, never to be logged."""

    session: str
    arguments: object = field(default=None, repr=False)


class _Refused(Exception):
    """An answer, instead of going on."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status
        self.words = words


class Entrance:
    """ASGI app before the library's, which is `app`. mine: where a session's belongings go when it ends."""

    def __init__(self, app: ASGIApp, mine: Belongings) -> None:
        self.app = app
        self._mine = mine
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a message, or end a session and delete all that is kept for it."""
        try:
            session = _session(scope)
            if scope["method"] == "DELETE":
                await self._mine.delete(session)
                await Response(status_code=200)(scope, receive, send)
            elif scope["method"] == "POST":
                await self._serve(session, scope, receive, send)
            else:  # no stream of what nobody asked for
                await Response(status_code=405, headers={"allow": "POST, DELETE"})(scope, receive, send)
        except _Refused as refused:
            await _refusal(refused)(scope, receive, send)

    async def _serve(self, session: str, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        try:
            with anyio.move_on_after(SLOWEST_S) as patience:
                await self._read(scope, receive, body)
            if patience.cancelled_caught:
                raise _Refused(408, "The message did not come in time.")
            rest, arguments, opening = await anyio.to_thread.run_sync(_unpack, bytes(body))
            headers = [pair for pair in scope["headers"] if pair[0] not in (b"content-length", b"transfer-encoding")]
            inner = {**scope, "headers": headers, GIVEN: Given(session, arguments)}
            await self.app(inner, _replay(rest, receive), _named(send, session) if opening else send)
        finally:
            self._held -= len(body)

    async def _read(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isdecimal() or int(length[:12]) > MAX_BODY:
            raise _Refused(413, f"A message may have {MAX_BODY} bytes; upload a larger photo first.")
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Refused(400, "The message broke off.")
            chunk = message.get("body", b"")
            if len(body) + len(chunk) > MAX_BODY:
                raise _Refused(413, f"A message may have {MAX_BODY} bytes; upload a larger photo first.")
            if self._held + len(chunk) > ROOM:
                raise _Refused(503, "Too many photos are on their way in. Try again in a moment.")
            body += chunk
            self._held += len(chunk)
            if not message.get("more_body", False):
                return


def _session(scope: Scope) -> str:
    """The session that a request names, or a new one."""
    named = Headers(scope=scope).get(HEADER)
    if named is None and scope["method"] != "DELETE":
        return f"assistant {secrets.token_hex(16)}"
    if named is None or not SESSION.fullmatch(named):
        raise _Refused(404, "There is no such session.")  # at which a client begins a new one
    return f"assistant {named}"


def _unpack(body: bytes) -> tuple[bytes, object, bool]:
    """(the message without a tool's arguments, those, whether it opens a session). For a worker thread."""
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(400, "The message is not JSON.") from None
    if not isinstance(message, dict):
        raise _Refused(400, "One message at a time, as an object.")
    arguments: object = None
    params = message.get("params")
    if message.get("method") == "tools/call" and isinstance(params, dict):
        arguments = params.pop("arguments", None)
    rest = json.dumps(message).encode()
    if len(rest) > MAX_REST:
        raise _Refused(413, f"All but a tool's arguments may have {MAX_REST} bytes.")
    return rest, arguments, message.get("method") == "initialize"


def _replay(body: bytes, receive: Receive) -> Receive:
    """First the whole body, then whatever comes, such as the news that the client has left."""
    waiting = [body]

    async def replay() -> Message:
        return {"type": "http.request", "body": waiting.pop(), "more_body": False} if waiting else await receive()

    return replay


def _named(send: Send, session: str) -> Send:
    async def named(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)[HEADER] = session.removeprefix("assistant ")
        await send(message)

    return named


def _refusal(refused: _Refused) -> Response:
    error = {"code": -32600, "message": refused.words}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, refused.status)
