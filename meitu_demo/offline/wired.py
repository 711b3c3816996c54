"""uvicorn's HTTP protocol, which also gives the app its end of the connection (`wire`). Only where there is a lab."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from .wire import EXTENSION, Wire


class Wired(H11Protocol):
    """The server's own protocol, with a `Wire` in the scope of each call."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.wire, app = Wire(transport), self.app

        async def wired(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, "extensions": {EXTENSION: self.wire}}, receive, send)

        self.app = wired

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.wire.let_go()

    def shutdown(self) -> None:
        super().shutdown()
        self.wire.let_go()  # or what is held would hold up the end
