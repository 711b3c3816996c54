"""One ASGI app behind a real socket, in a thread of this process."""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

START_TIMEOUT_S = 60.0  # on a machine that may be busy
STOP_TIMEOUT_S = 10.0


@contextlib.contextmanager
def uvicorn_port(app: Any, **options: Any) -> Iterator[int]:
    """Serves `app` on a free port of 127.0.0.1 and yields the port. `options` are those of uvicorn.Config."""
    # proxy_headers: off as in `runtime.http_server`, because the app itself reads forwarded headers.
    defaults = {"port": 0, "log_level": "error", "timeout_graceful_shutdown": 1, "ws": "none", "proxy_headers": False}
    options = defaults | options
    server = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        assert thread.is_alive(), "the server ended while it started"
        assert time.monotonic() < deadline, "the server does not start"
        time.sleep(0.005)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(STOP_TIMEOUT_S)


@contextlib.contextmanager
def uvicorn_server(app: Any, **options: Any) -> Iterator[str]:
    """The same, but yields the base URL."""
    with uvicorn_port(app, **options) as port:
        yield f"http://127.0.0.1:{port}"
