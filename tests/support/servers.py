"""Servers for the browser tests: the app in whatever settings, vendors of our own making, a port that is closed."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.offline import create_app as create_offline
from meitu_demo.settings import Settings
from meitu_demo.ui.app import create_app

STARTED_WITHIN = 60.0  # seconds, on a machine that may be busy


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def serve(app: ASGIApp) -> Iterator[str]:
    """`app` behind a real socket, in a thread of this process; gives its base URL."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(app, "127.0.0.1", port, log_level="error", timeout_graceful_shutdown=1, ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    _await_port(port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def serve_demo(environ: dict[str, str] | None = None) -> Iterator[str]:
    """The whole demo, composed as app.py does it, with `environ` as its only settings."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"DATA_DIR": folder, **(environ or {})})
        with serve(create_app(settings, create_http_client(settings, create_offline()))) as url:
            yield url


@contextlib.contextmanager
def serve_vendor(*options: str) -> Iterator[str]:
    """The stand-alone offline server, a process of its own as an integrator runs it."""
    port = free_port()
    command = [sys.executable, "-m", "meitu_demo.offline", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def retired_and_slow(release: threading.Event) -> Starlette:
    """AILabTools as it is since February 2026, and a Meitu that answers only after `release`."""

    async def retired(request: Request) -> Response:
        detail = {
            "status_code": 404,
            "code": "ERROR_AI_NOT_EXISTS",
            "code_message": "",
            "message": "AI does not exist.",
        }
        answer = {"request_id": "r-404", "error_code": 404, "error_msg": "AI does not exist.", "error_detail": detail}
        return JSONResponse(answer, 404)

    async def slow(request: Request) -> Response:
        await asyncio.to_thread(release.wait, STARTED_WITHIN)
        return JSONResponse({"ErrorCode": 20003, "ErrorMsg": "NO_FACE", "request_id": "r-slow"})

    return Starlette(routes=[
        Route("/api/portrait/effects/face-tidyup", retired, methods=["POST"]),
        Route("/{path:path}", slow, methods=["POST"]),
    ])  # fmt: skip


def _await_port(port: int) -> None:
    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing listens on port {port}")
