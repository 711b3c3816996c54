"""How the demo is served: its port, how it stops, and how much patience it has with a client. Imports `settings`.

uvicorn waits for ever for a request that never ends and for a reader who never reads; the app behind it cannot help
that, because it is only called with whole requests and only sees a full buffer.
"""

import asyncio
import errno
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..settings import SettingsError

REQUEST_TIMEOUT_S = 30.0  # a client may be silent for so long in the middle of a request, and before its first
WRITE_TIMEOUT_S = 60.0  # … and leave so long unread what it was sent, when no more fits into the buffers
MAX_CONNECTIONS = 800  # at a time; more are answered 503. A page holds one, and up to six while it loads
KEEP_ALIVE_S = 5  # for which an idle connection is kept
PROXY_KEEP_ALIVE_S = (
    75  # … a proxy's: they use them again for a minute, and a request on one just closed is lost or astray
)
GRACEFUL_SHUTDOWN_S = 2  # what a stop waits for requests to end, after calls have


def bind_socket(host: str, port: int) -> socket.socket:
    """The socket to listen on; bound, so that nobody else can take it. Raises SettingsError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Unless told that it is TCP, asyncio leaves Nagle's algorithm on: then each answer waits 40 ms for a receipt.
        bound = socket.socket(family, kind, protocol)
        # As every server does: a port whose last connections are still being closed is free.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen()  # until somebody does, two may be bound
    except OSError as error:
        raise SettingsError(_explain_bind_error(error, host, port)) from None
    return bound


def _explain_bind_error(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {port} is taken: another program listens there; stop it, or set PORT to another"
    if error.errno == errno.EACCES:
        return f"PORT {port} is not for everybody; set PORT to one from 1024 on"
    return f"HOST {host} is no address of this machine"


class SlowClientTimeoutProtocol(H11Protocol):
    """HTTP on one connection, which ends when its client keeps silent in a request or does not read the answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """As uvicorn's."""
        super().connection_made(transport)
        self._start_request_timer()

    def data_received(self, data: bytes) -> None:
        """As uvicorn's."""
        super().data_received(data)
        self._cancel_request_timer()
        is_request_complete = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if not is_request_complete:  # such a one may take its time: it is the app's turn
            self._start_request_timer()

    def pause_writing(self) -> None:
        """The buffers are full."""
        super().pause_writing()
        self._write_timer = self._write_timer or self.loop.call_later(WRITE_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read some."""
        super().resume_writing()
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        """As uvicorn's."""
        self._cancel_request_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """As uvicorn's, whose own timer runs from here until the next request begins."""
        self._cancel_request_timer()
        super().on_response_complete()

    def _start_request_timer(self) -> None:
        self._request_timer = self.loop.call_later(REQUEST_TIMEOUT_S, self._on_request_timeout)

    def _on_request_timeout(self) -> None:
        if self.flow.read_paused:  # the app has not taken yet what is here
            self._start_request_timer()
        else:
            self.transport.abort()

    def _cancel_request_timer(self) -> None:
        if self._request_timer:
            self._request_timer.cancel()
            self._request_timer = None


class GracefulServer(uvicorn.Server):
    """Stops in order: no new connections, `before` (calls in flight end), requests, the app. A second signal kills."""

    def __init__(
        self, app: ASGIApp, before_shutdown: Callable[[], Awaitable[None]], *, behind_proxy: bool = False
    ) -> None:
        # proxy_headers: who stands before the demo is said by TRUSTED_PROXIES alone.
        config = uvicorn.Config(
            app, log_level="warning", log_config=None, access_log=False, proxy_headers=False, server_header=False,
            http=SlowClientTimeoutProtocol, ws="none", limit_concurrency=MAX_CONNECTIONS,
            timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
            timeout_keep_alive=PROXY_KEEP_ALIVE_S if behind_proxy else KEEP_ALIVE_S,
        )  # fmt: skip
        super().__init__(config)
        self._before_shutdown = before_shutdown

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal to stop."""
        if self.should_exit:  # nothing that is still under way may hold this up
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, with `before`."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._before_shutdown()
        await super().shutdown(sockets)
