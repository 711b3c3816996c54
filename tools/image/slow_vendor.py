"""A vendor that takes its time: our own vendor-compatible server on a socket, each answer after a while."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from meitu_demo.offline import create_app


@dataclass(slots=True)
class SlowVendor:
    """Where it is, and whether a call has come."""

    url: str
    call_arrived: threading.Event = field(default_factory=threading.Event)


def find_free_port() -> int:
    """A port of the loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def run_slow_vendor(delay_s: float) -> Iterator[SlowVendor]:
    """The server on a free port of the loopback, in a thread; every answer begins `seconds` late."""
    port = find_free_port()
    vendor = SlowVendor(f"http://127.0.0.1:{port}")
    app: ASGIApp = create_app()

    async def delayed_app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            vendor.call_arrived.set()
            await asyncio.sleep(delay_s)
        await app(scope, receive, send)

    server = uvicorn.Server(
        uvicorn.Config(delayed_app, "127.0.0.1", port, log_level="error", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield vendor
    finally:
        server.should_exit = True
        thread.join(10)
