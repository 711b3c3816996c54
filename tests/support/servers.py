"""Servers for tests: the demo with any settings, a fake vendor."""

import asyncio
import contextlib
import tempfile
import threading
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.offline import create_app as create_offline
from meitu_demo.recordings import create_replay_app
from meitu_demo.settings import Settings
from meitu_demo.ui.app import create_app
from support.uvicorn_server import START_TIMEOUT_S, uvicorn_server


@contextlib.contextmanager
def serve_demo(environ: dict[str, str] | None = None, **options: Any) -> Iterator[str]:
    """The whole demo, composed as app.py does it, with `environ` as its only settings. options: of uvicorn."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"DATA_DIR": folder, **(environ or {})})
        replay_app = create_replay_app(settings.recordings) if settings.recordings else None
        client = create_http_client(settings, create_offline(), replay_app)
        with uvicorn_server(create_app(settings, client), **options) as url:
            yield url


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
        await asyncio.to_thread(release.wait, START_TIMEOUT_S)
        return JSONResponse({"ErrorCode": 20003, "ErrorMsg": "NO_FACE", "request_id": "r-slow"})

    return Starlette(routes=[
        Route("/api/portrait/effects/face-tidyup", retired, methods=["POST"]),
        Route("/{path:path}", slow, methods=["POST"]),
    ])  # fmt: skip
