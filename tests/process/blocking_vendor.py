"""A vendor of the tests' own, our offline server behind a socket, which can be made to wait."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from support.uvicorn_server import uvicorn_server

from meitu_demo.offline import create_app as create_offline

KEYS = {"MEITU_API_KEY": "key", "MEITU_API_SECRET": "secret", "CALLS_PER_SECOND": "off"}


@dataclass
class Vendor:
    """calls: the paths that it was asked for. free: whether it answers."""

    app: Any = field(default_factory=create_offline)
    calls: list[str] = field(default_factory=list)
    free: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.calls.append(scope["path"])
            await asyncio.to_thread(self.free.wait, 60)
        await self.app(scope, receive, send)

    @property
    def settings(self) -> dict[str, str]:
        """For a demo that calls it."""
        return {**KEYS, "MEITU_BASE_URL": self.url}


@contextmanager
def vendor() -> Iterator[Vendor]:
    """One that answers at once, until it is told not to."""
    made = Vendor()
    made.free.set()
    with uvicorn_server(made) as made.url:
        yield made
        made.free.set()
