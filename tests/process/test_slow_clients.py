"""Slow clients (slowloris) over real sockets: they are disconnected, and no others."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from support.uvicorn_server import uvicorn_port

from meitu_demo.runtime import http_server
from meitu_demo.runtime.connection_limit import ConnectionLimit

REQUEST_TIMEOUT_S, WRITE_TIMEOUT_S, WORK_S = 0.6, 0.3, 1.0
MAX_WAIT_S = 60.0  # on a machine that may be busy
FLOOD_BYTES = 64 * 1024 * 1024  # more than any buffer between two sockets


class App:
    """Answers complete requests: /slow after longer than the timeouts, /flood with more than the buffers hold.

    longest_send: of the flood, its seconds and the bytes that were sent before. disconnected: whether the app knows
    that the flood's client has gone. started: is released by each request for /slow, which takes `work_s` or until
    `finish` is set.
    """

    work_s = WORK_S

    def __init__(self) -> None:
        self.longest_send = 0.0, 0
        self.started = threading.Semaphore(0)
        self.finish = threading.Event()
        self.disconnected = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):
            pass
        if scope["path"] == "/slow":
            self.started.release()
            await asyncio.to_thread(self.finish.wait, self.work_s)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/flood":
            try:
                for sent_bytes in range(0, FLOOD_BYTES, 65536):
                    started_s = time.monotonic()
                    await send({"type": "http.response.body", "body": bytes(65536), "more_body": True})
                    self.longest_send = max(self.longest_send, (time.monotonic() - started_s, sent_bytes))
            finally:
                self.disconnected.set()
        await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def port(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server with short timeouts."""
    monkeypatch.setattr(http_server, "REQUEST_TIMEOUT_S", REQUEST_TIMEOUT_S)
    monkeypatch.setattr(http_server, "WRITE_TIMEOUT_S", WRITE_TIMEOUT_S)
    protocol = partial(http_server.HttpProtocol, limit=ConnectionLimit(100))
    with uvicorn_port(app, http=protocol, lifespan="off", timeout_graceful_shutdown=None) as port:
        yield port


def send_and_read(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send `pieces`, then nothing; returns what the server sends until it disconnects."""
    with socket.create_connection(("127.0.0.1", port), MAX_WAIT_S) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
        received = b""
        with contextlib.suppress(ConnectionResetError):
            while more := connection.recv(65536):
                received += more
        return received


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow",),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", b"a bit"),
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_http_server_disconnects_a_client_that_never_completes_its_request(
    pieces: tuple[bytes, ...], port: int
) -> None:
    """After the timeout, without an answer."""
    started_s = time.monotonic()
    assert b"200" not in send_and_read(port, *pieces)
    assert REQUEST_TIMEOUT_S * 0.9 < time.monotonic() - started_s < MAX_WAIT_S


def test_http_server_disconnects_a_client_that_sends_its_head_byte_by_byte(port: int) -> None:
    """The timeout is for the whole head, of the first request and of a later one on the same connection."""
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaa\r\n\r\n"
    for before in ([], [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"]):
        with socket.create_connection(("127.0.0.1", port), MAX_WAIT_S) as connection:
            for whole_request in before:
                connection.sendall(whole_request)
                answer = b""
                while not answer.endswith(b"done\r\n0\r\n\r\n"):
                    answer += connection.recv(65536)
            started_s = time.monotonic()
            with contextlib.suppress(ConnectionError):
                for position in range(len(head)):
                    connection.sendall(head[position : position + 1])
                    time.sleep(REQUEST_TIMEOUT_S / 6)
                pytest.fail("the head was accepted")
            assert time.monotonic() - started_s < REQUEST_TIMEOUT_S * 5


def test_http_server_serves_slow_requests_and_slow_answers(port: int) -> None:
    """A body in pieces that takes longer than the timeout in all, and an answer that does."""
    body = [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nConnection: close\r\n\r\n", *[b"a"] * 10]
    assert send_and_read(port, *body, pause_s=REQUEST_TIMEOUT_S / 6).endswith(b"done\r\n0\r\n\r\n")
    slow = b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert b"done" in send_and_read(port, slow)


def test_http_server_disconnects_a_client_that_never_reads(port: int, app: App) -> None:
    """The app waits on a full buffer, so no memory grows, and then learns of the disconnect."""
    with socket.create_connection(("127.0.0.1", port), MAX_WAIT_S) as connection:
        connection.sendall(b"GET /flood HTTP/1.1\r\nHost: x\r\n\r\n")
        assert app.disconnected.wait(MAX_WAIT_S)
        assert 0 < app.longest_send[1] < FLOOD_BYTES // 2


def ask(port: int, request: bytes) -> socket.socket:
    """A connection that has sent `request`."""
    connection = socket.create_connection(("127.0.0.1", port), MAX_WAIT_S)
    connection.sendall(request + b"Host: x\r\nConnection: close\r\n\r\n")
    return connection


def read_status(connection: socket.socket) -> bytes:
    """The status of the answer, after which the connection is closed."""
    with connection, connection.makefile("rb") as answer:
        return answer.readline().split()[1]


def test_http_server_without_a_place_answers_health_checks_and_ends_no_work(app: App) -> None:
    """Two places, taken by a post and a stream that waits for a run: others get 503, /healthz 200, and both go on."""
    app.work_s = MAX_WAIT_S
    protocol = partial(
        http_server.HttpProtocol, limit=ConnectionLimit(2), holds_work=lambda scope: scope["path"] == "/slow"
    )
    with uvicorn_port(app, http=protocol, lifespan="off", timeout_graceful_shutdown=None) as port:
        requests = (b"POST /slow HTTP/1.1\r\nContent-Length: 0\r\n", b"GET /slow HTTP/1.1\r\n")
        working = [ask(port, request) for request in requests]
        assert all(app.started.acquire(timeout=MAX_WAIT_S) for _ in working)
        assert read_status(ask(port, b"GET / HTTP/1.1\r\n")) == b"503"
        assert read_status(ask(port, b"GET /healthz HTTP/1.1\r\n")) == b"200"
        app.finish.set()
        assert [read_status(connection) for connection in working] == [b"200", b"200"]
