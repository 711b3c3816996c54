"""The library's part: what the protocol asks for, answered from the catalogue."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import CallToolResult, Tool
from sse_starlette.sse import AppStatus
from starlette.requests import Request

from ...endpoints import CATALOGUE
from ..context import Context
from .calls import call, failed
from .entrance import Entrance
from .tools import say, tool

NAME = "portrait-apis"


class Assistants:
    """`entrance` serves the route for as long as `running`."""

    def __init__(self, context: Context) -> None:
        for library in (
            "mcp",
            "sse_starlette",
        ):  # or the log for debugging would hold whole pictures, and strangers' words
            logging.getLogger(library).setLevel(logging.ERROR)
        # Or streams would be cut as soon as the server is to stop, before the calls that they wait for have ended.
        AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]
        # Stateless: each message stands alone; who it is from says `entrance`.
        self._manager = StreamableHTTPSessionManager(_server(context), stateless=True)
        self.entrance = Entrance(self._manager.handle_request, context.mine)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """To be open around the app's lifetime."""
        async with self._manager.run():
            yield


def _server(context: Context) -> Server[object, Request]:
    server: Server[object, Request] = Server(NAME, instructions=say("instructions"))

    async def list_tools() -> list[Tool]:
        return [tool(context, endpoint) for endpoint in CATALOGUE.values()]

    async def call_tool(name: str, _: dict[str, object]) -> CallToolResult:
        here = server.request_context
        token = here.meta.progressToken if here.meta else None
        told = 0

        async def tell(words: str) -> None:
            nonlocal told
            told += 1
            if token is not None:
                await here.session.send_progress_notification(
                    token, told, message=words, related_request_id=str(here.request_id)
                )

        endpoint = CATALOGUE.get(name)
        if endpoint is None or here.request is None:
            return failed(say("no_such_tool"))
        return await call(context, endpoint, here.request, tell)

    server.list_tools()(list_tools)  # type: ignore[no-untyped-call]
    server.call_tool(validate_input=False)(call_tool)  # the service does, and explains
    return server
