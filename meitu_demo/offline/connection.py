"""The server's end of one connection, for what HTTP has no words for: to cut it off, and to learn that it is gone.

ASGI does not show it. A server that can puts a `ClientConnection` into the scope's extensions, as ``python -m
meitu_demo.offline --lab`` does; under any other server the nearest thing happens.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

SCOPE_EXTENSION = "meitu_demo.wire"
LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends RST instead of FIN


class ClientConnection:
    """One connection. Without a transport it is never known to be gone, and cutting it off is an internal error."""

    def __init__(self, transport: asyncio.Transport | None = None) -> None:
        self._transport = transport
        self._closed = asyncio.Event()

    def mark_closed(self) -> None:
        """For the server to call: the client has left, or the server is about to stop."""
        self._closed.set()

    @property
    def is_closed(self) -> bool:
        """Whether nobody listens any more."""
        return self._closed.is_set()

    async def wait_closed(self, timeout_s: float) -> None:
        """Wait for `seconds`, or until nobody listens any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._closed.wait()

    async def reset(self) -> None:
        """Reset the connection. Raises ConnectionResetError where there is no way to it: the server answers with 500,
        or breaks off an answer that has begun.
        """
        if self._transport is None:
            raise ConnectionResetError
        client_socket = self._transport.get_extra_info("socket")
        if client_socket is not None and not self._transport.is_closing():
            client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()
        await self._closed.wait()


def get_connection(request: Request) -> ClientConnection:
    """The connection that `request` came by."""
    found = request.scope.get("extensions", {}).get(SCOPE_EXTENSION)
    return found if isinstance(found, ClientConnection) else ClientConnection()


class ConnectionProtocol(H11Protocol):
    """The server's own protocol, with a `ClientConnection` in the scope of each call."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.client_connection, app = ClientConnection(transport), self.app

        async def app_with_connection(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "extensions": {SCOPE_EXTENSION: self.client_connection}}, receive, send)

        self.app = app_with_connection

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.client_connection.mark_closed()

    def shutdown(self) -> None:
        super().shutdown()
        self.client_connection.mark_closed()  # or what is held would hold up the end
