"""The failure lab on a loopback port of its own, in a thread beside the app: in process, nothing can be cut off.

For the page's lab. Nobody outside this machine reaches it.
"""

import socket
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial

import uvicorn
from starlette.applications import Starlette

from .app import create_app
from .connection import ConnectionProtocol

STOP_TIMEOUT_S = 5.0
LAB_APP_FACTORY = partial(create_app, lab=True, single_use_links=True)


class ThreadedServer:
    """The server with its lab, made and started when it is first needed. make: another app than that."""

    def __init__(self, app_factory: Callable[[], Starlette] = LAB_APP_FACTORY) -> None:
        self._app_factory = app_factory
        self._app: Starlette | None = None
        self._lock = threading.Lock()
        self._running: tuple[str, uvicorn.Server, threading.Thread] | None = None

    def start(self) -> str:
        """Its address. Blocks until it listens. Raises OSError where no port is to be had."""
        with self._lock:
            if self._running is None:
                self._app = self._app_factory()
                listen_socket = socket.create_server(("127.0.0.1", 0), backlog=128)
                config = uvicorn.Config(
                    self._app,
                    http=ConnectionProtocol,
                    ws="none",
                    access_log=False,
                    log_config=None,
                    timeout_graceful_shutdown=1,
                )
                server = uvicorn.Server(config)
                thread = threading.Thread(target=server.run, args=([listen_socket],), name="failure lab", daemon=True)
                thread.start()
                self._running = f"http://127.0.0.1:{listen_socket.getsockname()[1]}", server, thread
            return self._running[0]  # it listens: whoever comes before the server has started waits in line

    def stop(self) -> None:
        """Blocks until it has ended."""
        with self._lock:
            if self._running is not None:
                _, server, thread = self._running
                server.should_exit = True
                thread.join(STOP_TIMEOUT_S)
                self._running = None

    @property
    def charges(self) -> Counter[str]:
        """The calls that a vendor would have billed, by endpoint."""
        return self._app.state.charges if self._app else Counter()
