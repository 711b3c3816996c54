"""The MCP library's server, which lists the tools and runs their calls."""

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
from .http_endpoint import McpHttpApp
from .tools import build_error_result, build_tool, run_tool, translate_for_mcp

SERVER_NAME = "portrait-apis"


class McpServer:
    """`http_app` serves the route while `run` is open."""

    def __init__(self, context: Context) -> None:
        for library in ("mcp", "sse_starlette"):  # their debug logs contain pictures and callers' texts
            logging.getLogger(library).setLevel(logging.ERROR)
        # Otherwise a shutdown would close the streams before their calls have ended.
        AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]
        # Stateless: each message stands alone; `http_app` finds the session.
        self._session_manager = StreamableHTTPSessionManager(_build_server(context), stateless=True)
        self.http_app = McpHttpApp(self._session_manager.handle_request, context.session_data)

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Open during the app's lifetime."""
        async with self._session_manager.run():
            yield


def _build_server(context: Context) -> Server[object, Request]:
    server: Server[object, Request] = Server(SERVER_NAME, instructions=translate_for_mcp("instructions"))

    async def list_tools() -> list[Tool]:
        return [build_tool(context, endpoint) for endpoint in CATALOGUE.values()]

    async def call_tool(name: str, _: dict[str, object]) -> CallToolResult:
        tool_context = server.request_context
        token = tool_context.meta.progressToken if tool_context.meta else None
        progress = 0

        async def notify(message: str) -> None:
            nonlocal progress
            progress += 1
            if token is not None:
                await tool_context.session.send_progress_notification(
                    token, progress, message=message, related_request_id=str(tool_context.request_id)
                )

        endpoint = CATALOGUE.get(name)
        if endpoint is None or tool_context.request is None:
            return build_error_result(translate_for_mcp("no_such_tool"))
        return await run_tool(context, endpoint, tool_context.request, notify)

    server.list_tools()(list_tools)  # type: ignore[no-untyped-call]
    server.call_tool(validate_input=False)(call_tool)  # the service validates, and explains
    return server
