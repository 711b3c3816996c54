"""The server's end of one connection, for what HTTP has no words for: to cut it off, and to learn that it is gone.

ASGI does not show it. A server that can puts a `Wire` into the scope's extensions, as ``python -m meitu_demo.offline
--lab`` does; under any other server the nearest thing happens.
"""

import asyncio
import socket
import struct
from contextlib import suppress

from starlette.requests import Request

EXTENSION = "meitu_demo.wire"
LINGER_NOT = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends RST instead of FIN


class Wire:
    """One connection. Without a transport it is never known to be gone, and cutting it off is an internal error."""

    def __init__(self, transport: asyncio.Transport | None = None) -> None:
        self._transport = transport
        self._gone = asyncio.Event()

    def let_go(self) -> None:
        """For the server to call: the client has left, or the server is about to stop."""
        self._gone.set()

    @property
    def gone(self) -> bool:
        """Whether nobody listens any more."""
        return self._gone.is_set()

    async def hold(self, seconds: float) -> None:
        """Wait for `seconds`, or until nobody listens any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._gone.wait()

    async def cut(self) -> None:
        """Reset the connection. Raises ConnectionResetError where there is no way to it: the server answers with 500,
        or breaks off an answer that has begun.
        """
        if self._transport is None:
            raise ConnectionResetError
        connection = self._transport.get_extra_info("socket")
        if connection is not None and not self._transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self._transport.abort()
        await self._gone.wait()


def wire_of(request: Request) -> Wire:
    """The connection that `request` came by."""
    found = request.scope.get("extensions", {}).get(EXTENSION)
    return found if isinstance(found, Wire) else Wire()
