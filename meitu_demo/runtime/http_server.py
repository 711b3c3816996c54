"""The HTTP server: binds the port, disconnects slow clients (slowloris), limits connections, and shuts down gracefully.

uvicorn waits for ever for a request that never ends and for a client that never reads. The app cannot prevent that,
because it sees neither an incomplete request head nor why a write blocks.
"""

import asyncio
import errno
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..settings import Network, SettingsError
from .client_address import resolve_client_address
from .connection_limit import Activity, ConnectionLimit
from .log_format import RateLimitFilter

REQUEST_TIMEOUT_S = 30.0  # for the head of a request; and how long a client may be silent within its body
WRITE_TIMEOUT_S = 60.0  # how long the write buffers may stay full because the client does not read
MAX_CONNECTIONS = 800  # a page uses two, and up to six while it loads; many systems allow a process 1024 open files
MAX_ACCEPTED = 100  # at once, before the limit above is looked at
HEALTH_PATHS = ("/healthz", "/readyz")  # are answered beyond the limit as well
KEEP_ALIVE_S = 5  # for idle connections
PROXY_KEEP_ALIVE_S = 75  # longer than proxies reuse a connection, or they would send requests on one that closes
GRACEFUL_SHUTDOWN_S = 2  # for open requests, after vendor calls have ended


def bind_socket(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free port. Raises SettingsError if it cannot be bound."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # asyncio switches Nagle's algorithm off only if the protocol is given; with it, answers wait 40 ms for an ACK.
        listener = socket.socket(family, kind, protocol)
        # Otherwise the last process's connections in TIME_WAIT would block the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()  # with SO_REUSEADDR, two sockets can be bound as long as neither listens
    except OSError as error:
        raise SettingsError(_explain_bind_error(error, host, port)) from None
    return listener


def _explain_bind_error(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {port} is taken: another program listens there; stop it, or set PORT to another"
    if error.errno == errno.EACCES:
        return f"PORT {port} is not for everybody; set PORT to one from 1024 on"
    return f"HOST {host} is no address of this machine"


class HttpProtocol(H11Protocol):
    """uvicorn's HTTP/1.1 protocol; aborts a connection whose client is silent in a request or does not read.

    limit: of all connections. trusted_proxies: their X-Forwarded-For tells visitors apart. holds_work: whether the
    request with this scope, a GET that is being answered, waits for a run.
    """

    def __init__(
        self,
        *args: Any,
        limit: ConnectionLimit,
        trusted_proxies: Sequence[Network] = (),
        holds_work: Callable[[Scope], bool] = lambda scope: False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._limit = limit
        self._trusted_proxies = trusted_proxies
        self._holds_work = holds_work
        self._is_admitted = True
        self._served_app, self.app = self.app, self._serve
        self._request_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._is_admitted = self._limit.add(self, self._resolve_address())
        self._start_request_timer()

    def data_received(self, data: bytes) -> None:
        """Restart the timer, unless the request is complete, or its head is not: its time is not prolonged."""
        super().data_received(data)
        if self._is_idle and self._request_timer:
            return
        self._cancel_request_timer()
        is_request_complete = self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body
        if not is_request_complete:  # a complete one waits for the app, which may take longer
            self._start_request_timer()

    def pause_writing(self) -> None:
        """The write buffers are full: expect the client to read."""
        super().pause_writing()
        self._write_timer = self._write_timer or self.loop.call_later(WRITE_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has read."""
        super().resume_writing()
        if self._write_timer:
            self._write_timer.cancel()
            self._write_timer = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._limit.remove(self)
        self._cancel_request_timer()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Stop the timer: uvicorn's keep-alive timer runs until the next request begins."""
        self._cancel_request_timer()
        self._count_for(self._resolve_address())
        super().on_response_complete()

    @property
    def activity(self) -> Activity:
        if self._is_idle:
            return Activity.IDLE
        if self.cycle.more_body:
            return Activity.SENDING
        is_read = self.scope["method"] in ("GET", "HEAD")
        has_work = not is_read or self._holds_work(dict(self.scope))
        return Activity.WORKING if has_work else Activity.WATCHING

    @property
    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def abort(self) -> None:
        self.transport.abort()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the connection for the request's visitor, and serve it unless there are too many."""
        forwarded_for = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        self._count_for(self._resolve_address(forwarded_for.decode("latin-1")))
        self._is_admitted |= not self._limit.is_exceeded
        is_served = self._is_admitted or scope["path"] in HEALTH_PATHS
        await (self._served_app if is_served else service_unavailable)(scope, receive, send)  # type: ignore[arg-type]

    def _resolve_address(self, forwarded_for: str = "") -> str:
        return resolve_client_address(self.client[0] if self.client else "", forwarded_for, self._trusted_proxies)

    def _count_for(self, address: str) -> None:
        if not self.transport.is_closing():
            self._limit.move(self, address)

    def _start_request_timer(self) -> None:
        self._request_timer = self.loop.call_later(REQUEST_TIMEOUT_S, self._on_request_timeout)

    def _on_request_timeout(self) -> None:
        if self.flow.read_paused:  # the app has not read yet what was received
            self._start_request_timer()
        else:
            self.transport.abort()

    def _cancel_request_timer(self) -> None:
        if self._request_timer:
            self._request_timer.cancel()
            self._request_timer = None


class GracefulServer(uvicorn.Server):
    """Shuts down in order: listening sockets, `before_shutdown`, open requests, the app. A second signal kills.

    behind_proxy: idle connections are kept for longer. after_shutdown: called at the very end. protocol_options:
    `trusted_proxies` and `holds_work` of `HttpProtocol`.
    """

    def __init__(
        self,
        app: ASGIApp,
        before_shutdown: Callable[[], Awaitable[None]],
        *,
        behind_proxy: bool = False,
        after_shutdown: Callable[[], None] = lambda: None,
        **protocol_options: Any,
    ) -> None:
        protocol = partial(HttpProtocol, limit=ConnectionLimit(MAX_CONNECTIONS), **protocol_options)
        logging.getLogger("uvicorn.error").addFilter(RateLimitFilter())  # invalid requests are a warning each
        # proxy_headers: only proxies in TRUSTED_PROXIES are trusted, and `origin_check` and `client_address` do that.
        config = uvicorn.Config(
            app, log_level="warning", log_config=None, access_log=False, proxy_headers=False, server_header=False,
            http=protocol, ws="none", backlog=MAX_ACCEPTED,  # type: ignore[arg-type]
            timeout_graceful_shutdown=GRACEFUL_SHUTDOWN_S,
            timeout_keep_alive=PROXY_KEEP_ALIVE_S if behind_proxy else KEEP_ALIVE_S,
        )  # fmt: skip
        super().__init__(config)
        self._before_shutdown = before_shutdown
        self._after_shutdown = after_shutdown

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:  # the second signal: end at once
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listening sockets, run `before_shutdown`, let uvicorn end the app, run `after_shutdown`."""
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._before_shutdown()
        await super().shutdown(sockets)
        self._after_shutdown()  # here, because uvicorn then ends the process by the signal that it caught
