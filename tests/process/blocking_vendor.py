"""A vendor that can be made to wait: the offline server behind a socket."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.uvicorn_server import uvicorn_server

from meitu_demo.offline import create_app as create_offline

KEYS = {"MEITU_API_KEY": "key", "MEITU_API_SECRET": "pair", "CALLS_PER_SECOND": "off"}


@dataclass
class BlockingVendor:
    """calls: the paths of its requests so far. unblocked: requests wait until it is set."""

    app: Any = field(default_factory=create_offline)
    calls: list[str] = field(default_factory=list)
    unblocked: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.calls.append(scope["path"])
            await asyncio.to_thread(self.unblocked.wait, 60)
        await self.app(scope, receive, send)

    @property
    def settings(self) -> dict[str, str]:
        """Settings of a demo that calls this vendor."""
        return {**KEYS, "MEITU_BASE_URL": self.url}


@contextmanager
def run_vendor() -> Iterator[BlockingVendor]:
    """A vendor that answers at once until `unblocked` is cleared."""
    vendor = BlockingVendor()
    vendor.unblocked.set()
    with uvicorn_server(vendor) as vendor.url:
        yield vendor
        vendor.unblocked.set()
