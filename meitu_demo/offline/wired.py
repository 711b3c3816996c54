"""uvicorn's HTTP protocol, which also gives the app its end of the connection (`client_connection`). Only where there
is a lab.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from .wire import SCOPE_EXTENSION, ClientConnection


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
