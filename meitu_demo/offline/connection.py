"""The TCP connection of a request, to reset it and to notice when the client has closed it.

ASGI does not expose it. `ConnectionProtocol`, which the failure lab's servers use, puts a `ClientConnection` into the
scope's extensions.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from uvicorn.protocols.http.h11_impl import H11Protocol

SCOPE_EXTENSION = "meitu_demo.wire"
LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER on with timeout 0: closing sends RST instead of FIN


class ClientConnection:
    """One connection."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._closed = asyncio.Event()

    def mark_closed(self) -> None:
        """Called by the server when the client has left or the server is about to stop."""
        self._closed.set()

    @property
    def is_closed(self) -> bool:
        """Whether the client has left or the server is about to stop."""
        return self._closed.is_set()

    async def wait_closed(self, timeout_s: float) -> None:
        """Wait until the connection is closed, at most `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._closed.wait()

    async def reset(self) -> None:
        """Reset the connection."""
        client_socket = self._transport.get_extra_info("socket")
        if client_socket is not None and not self._transport.is_closing():
            client_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_ZERO)
        self._transport.abort()
        await self._closed.wait()


def get_connection(request: Request) -> ClientConnection:
    """The connection of `request`. Raises KeyError under a server without `ConnectionProtocol`."""
    connection: ClientConnection = request.scope["extensions"][SCOPE_EXTENSION]
    return connection


class ConnectionProtocol(H11Protocol):
    """uvicorn's h11 protocol, with a `ClientConnection` in the scope of each request."""

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
        self.client_connection.mark_closed()  # ends faults that keep it open and would delay the shutdown
