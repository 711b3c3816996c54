"""A vendor that goes away and comes back, and people who go on clicking; for test_outage."""

import asyncio
import base64
import hashlib
import json
import random
import socket
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from chaos.call_stack import Shop, end_of
from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import CircuitBreaker
from meitu_demo.domain.model import CallTarget, Credentials, PreparedCall

KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
RESET = struct.pack("ii", 1, 0)  # SO_LINGER for no time: closing sends RST


class Vendor:
    """A server on a port of this machine.

    Away, it refuses connections, or resets them once it has read the call, or falls silent then.
    """

    def __init__(self, photo: bytes, how: str) -> None:
        media = [{"media_data": base64.b64encode(photo).decode()}]
        body = json.dumps({"media_info_list": media, "request_id": "r"}).encode()
        self._answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        self._how, self._away, self.port = how, False, 0
        self._stirs = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def come(self) -> None:
        self._away = False
        self._stirs.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def go(self) -> None:
        self._away = True
        self._stirs.clear()
        if self._how == "refuses" and self._server:
            self._server.close()
            self._server = None
            for writer in list(self._open):
                writer.transport.abort()

    async def close(self) -> None:
        self._how = "refuses"
        await self.go()
        self._stirs.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                if self._away and self._how == "is silent":
                    await self._stirs.wait()
                    return
                if self._away:
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    return
                writer.write(self._answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            self._open.discard(writer)
            writer.transport.abort()


class Counting(httpx.AsyncHTTPTransport):
    """Counts the calls that are made, and how many are under way."""

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_connections=100, max_keepalive_connections=20))
        self.calls = self.under_way = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        self.under_way += 1
        try:
            return await super().handle_async_request(request)
        finally:
            self.under_way -= 1


class Watched(CircuitBreaker):
    """A breaker that notes its failures, and what was under way when it opened."""

    transport: Counting
    failures: list[float]
    under_way: int | None = None
    probe_failed: asyncio.Event

    def _record_failure(self, is_probe: bool) -> None:
        before = self.is_open
        super()._record_failure(is_probe)
        if self.under_way is None:
            self.failures.append(time.monotonic())
        if self.is_open and not before:
            self.under_way = self.transport.under_way
        if is_probe:
            self.probe_failed.set()


@dataclass
class Crowd:
    """People who click, think, and click again, each time on something else."""

    shop: Shop
    route: CallTarget
    order: PreparedCall
    think: tuple[float, float]
    ends: list[tuple[int, float, str]] = field(default_factory=list)  # whose, when begun, what it came to
    succeeded: asyncio.Event = field(default_factory=asyncio.Event)

    async def person(self, name: int) -> None:
        chance, number = random.Random(name), 0
        await asyncio.sleep(chance.uniform(0, self.think[1]))
        while True:
            number += 1
            fingerprint = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
            begun = time.monotonic()
            found = await end_of(self.shop.click(f"person {name}", self.route, self.order, fingerprint))
            word = "success" if isinstance(found, pipeline.CallResult) else type(found).__name__
            self.ends.append((name, begun, word))
            if word == "success":
                self.succeeded.set()
            await asyncio.sleep(chance.uniform(*self.think))

    async def everybody_served(self, people: int, since: float) -> None:
        """Until each of them has a result of a click after `since`."""
        while len({name for name, begun, word in self.ends if begun > since and word == "success"}) < people:
            self.succeeded.clear()
            await self.succeeded.wait()

    @asynccontextmanager
    async def clicking(self, people: int) -> AsyncIterator[None]:
        """For as long as the block runs, and until everybody has their answer."""
        tasks = [asyncio.create_task(self.person(name)) for name in range(people)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.shop.desk.drain(10)
