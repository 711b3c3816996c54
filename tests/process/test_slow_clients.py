"""Clients that never end what they began, over real sockets: they are let go, and nobody else is."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.uvicorn_server import uvicorn_port

from meitu_demo.runtime import http_server

SILENCE_S, UNREAD_S, WORK_S = 0.3, 0.3, 0.8
FLOOD = 64 * 1024 * 1024  # bytes, more than any buffer between two sockets
HEAD = b"GET {} HTTP/1.1\r\nHost: x\r\n\r\n"


class App:
    """Answers when the body is there: to /slow after longer than anybody may be silent, to /flood with very much.

    sent: bytes of the flood that were taken from it. left: whether the flood's reader is known to be gone.
    """

    def __init__(self) -> None:
        self.sent = 0
        self.left = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/slow":
            await asyncio.sleep(WORK_S)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/flood":
            try:
                for _ in range(FLOOD // 65536):
                    await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
                    self.sent += 65536
            finally:
                self.left.set()
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def app() -> App:
    """One for each test."""
    return App()


@pytest.fixture
def port(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Where it is served, with little patience."""
    monkeypatch.setattr(http_server, "REQUEST_TIMEOUT_S", SILENCE_S)
    monkeypatch.setattr(http_server, "WRITE_TIMEOUT_S", UNREAD_S)
    protocol = http_server.SlowClientTimeoutProtocol
    with uvicorn_port(app, http=protocol, lifespan="off", timeout_graceful_shutdown=None) as port:
        yield port


def reads_to_the_end(port: int, *pieces: bytes, pause: float = 0.0) -> bytes:
    """What comes back until the server hangs up, to a client that sends `pieces` and then keeps silent."""
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        for piece in pieces:
            wire.sendall(piece)
            time.sleep(pause)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while more := wire.recv(65536):
                found += more
        return found


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow",),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", b"a bit"),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_never_ends_a_request_is_let_go(pieces: tuple[bytes, ...], port: int) -> None:
    """After a while of silence, without an answer."""
    begun = time.monotonic()
    assert b"200" not in reads_to_the_end(port, *pieces)
    assert SILENCE_S * 0.9 < time.monotonic() - begun < 8.0


def test_who_sends_slowly_or_waits_long_is_served(port: int) -> None:
    """A body in pieces that takes longer in all, and an answer that takes longer than anybody may be silent."""
    body = [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n", *[b"a"] * 10]
    assert reads_to_the_end(port, *body, pause=SILENCE_S / 6).endswith(b"done\r\n0\r\n\r\n")
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b"done" in reads_to_the_end(port, slow)


def test_who_never_reads_costs_no_memory_and_is_let_go(port: int, app: App) -> None:
    """The app is held up by a full buffer, and then told that there is nobody."""
    with socket.create_connection(("127.0.0.1", port), 10) as wire:
        wire.sendall(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(UNREAD_S / 2)
        held = app.sent
        assert 0 < held < FLOOD // 2
        # What the kernel has taken still lies there; the app's part, and the connection, are over.
        assert app.left.wait(8.0)
