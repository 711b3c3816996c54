"""A vendor with an outage, and simulated visitors who keep clicking; for test_outage."""

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

from chaos.call_stack import CallStack, wait_for_end
from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import CircuitBreaker
from meitu_demo.domain.model import CallTarget, Credentials, PreparedCall

KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with a timeout of 0 s: closing sends RST


class FailingVendor:
    """A server on a local port.

    During an outage it refuses connections, or resets them after reading the request, or stops answering.
    """

    def __init__(self, photo: bytes, failure: str) -> None:
        media = [{"media_data": base64.b64encode(photo).decode()}]
        body = json.dumps({"media_info_list": media, "request_id": "r"}).encode()
        self._answer = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        self._failure, self._is_down, self.port = failure, False, 0
        self._resumed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._is_down = False
        self._resumed.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._is_down = True
        self._resumed.clear()
        if self._failure == "refuses" and self._server:
            self._server.close()
            self._server = None
            for writer in list(self._writers):
                writer.transport.abort()

    async def close(self) -> None:
        self._failure = "refuses"
        await self.stop()
        self._resumed.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                await reader.readexactly(int(length.partition(b":")[2]))
                if self._is_down and self._failure == "is silent":
                    await self._resumed.wait()
                    return
                if self._is_down:
                    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    return
                writer.write(self._answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


class CountingTransport(httpx.AsyncHTTPTransport):
    """Counts all requests and those in flight."""

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_connections=100, max_keepalive_connections=20))
        self.calls = self.in_flight = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        self.in_flight += 1
        try:
            return await super().handle_async_request(request)
        finally:
            self.in_flight -= 1


class RecordingCircuitBreaker(CircuitBreaker):
    """Records the failures in a row before its first opening, and the number of requests in flight at that moment."""

    transport: CountingTransport
    failures: list[float]
    in_flight: int | None = None
    probe_failed: asyncio.Event

    def _record_success(self) -> None:
        super()._record_success()
        if self.in_flight is None:  # a vendor that goes down still answers what it has begun
            self.failures.clear()

    def _record_failure(self, is_probe: bool) -> None:
        before = self.is_open
        super()._record_failure(is_probe)
        if self.in_flight is None:
            self.failures.append(time.monotonic())
        if self.is_open and not before:
            self.in_flight = self.transport.in_flight
        if is_probe:
            self.probe_failed.set()


@dataclass
class Crowd:
    """Visitors who click, wait, and click again, each time with a new fingerprint."""

    call_stack: CallStack
    target: CallTarget
    call: PreparedCall
    think_s: tuple[float, float]
    ends: list[tuple[int, float, str]] = field(default_factory=list)  # visitor, start, "success" or error type
    succeeded: asyncio.Event = field(default_factory=asyncio.Event)

    async def click_repeatedly(self, name: int) -> None:
        rng, number = random.Random(name), 0
        await asyncio.sleep(rng.uniform(0, self.think_s[1]))
        while True:
            number += 1
            fingerprint = hashlib.sha256(f"{name} {number}".encode()).hexdigest()
            started = time.monotonic()
            result = await wait_for_end(self.call_stack.click(f"person {name}", self.target, self.call, fingerprint))
            outcome = "success" if isinstance(result, pipeline.CallResult) else type(result).__name__
            self.ends.append((name, started, outcome))
            if outcome == "success":
                self.succeeded.set()
            await asyncio.sleep(rng.uniform(*self.think_s))

    async def wait_until_all_served(self, people: int, since: float) -> None:
        """Wait until each visitor has a result of a click after `since`."""
        while len({name for name, started, outcome in self.ends if started > since and outcome == "success"}) < people:
            self.succeeded.clear()
            await self.succeeded.wait()

    @asynccontextmanager
    async def click_during(self, people: int) -> AsyncIterator[None]:
        """Let `people` visitors click while the block runs, then wait for the calls in flight."""
        tasks = [asyncio.create_task(self.click_repeatedly(name)) for name in range(people)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.call_stack.single_flight.drain(10)
