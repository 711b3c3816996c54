"""What of Gradio's own app is open: the routes that the page and programs use. Only `ui/app.py` may import it.

Gradio brings more than this demo has uses for: a proxy, a video editor, streams, a store of pages' states, a fetcher of
any web address. What is not named here does not exist. What is named is asked by strangers, so its body is counted,
files are given out only from a visitor's own folder, and nonsense is answered as such.
"""

import logging
import re
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from gradio.route_utils import FnIndexInferError
from gradio.routes import App
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...calls import run_log
from ...domain.errors import StorageFull
from ...domain.explanations import explain
from ...domain.translations import match_language
from ...endpoints import CATALOGUE
from ...photos.codec import MAX_BYTES

log = logging.getLogger(__name__)
API_PREFIX = "/gradio_api"
FILE_PREFIX = f"{API_PREFIX}/file="
ENDPOINT_IDS_PATTERN = "|".join(map(re.escape, CATALOGUE))
GET_ALLOWLIST = re.compile(
    rf"/|/config|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/logout|/(assets|static|svelte)/[\w./-]+"
    rf"|{API_PREFIX}/(info|openapi\.json|app_id|user|login_check|theme\.css|queue/(data|status)|upload_progress)"
    rf"|{API_PREFIX}/heartbeat/[\w-]{{1,64}}|{API_PREFIX}/call/(v2/)?({ENDPOINT_IDS_PATTERN})/[\w-]{{1,64}}",
    re.ASCII,
)
POST_ALLOWLIST = re.compile(
    rf"/login|{API_PREFIX}/(upload|queue/join|cancel|reset)|{API_PREFIX}/call/(v2/)?({ENDPOINT_IDS_PATTERN})"
)
MAX_FORM_OVERHEAD_BYTES = 64 * 1024  # bytes around one photo in a form
MAX_REQUEST_BYTES = 2 * 1024 * 1024  # bytes of anything else that is sent here
# What Gradio does with arguments that it did not expect, before any code of ours runs.
ARGUMENT_ERRORS = (LookupError, TypeError, ValueError, AttributeError, RecursionError, FnIndexInferError)


def install(app: FastAPI, uploads_dir: Path) -> App:
    """Put the entrances before the Gradio app that was mounted last on `app`; returns Gradio's."""
    mount = app.router.routes[-1]
    assert isinstance(mount, Mount)
    gradio_app = mount.app
    assert isinstance(gradio_app, App)
    for error_class in (*ARGUMENT_ERRORS, RequestValidationError):
        gradio_app.add_exception_handler(error_class, _answer_invalid_arguments)
    gradio_app.add_exception_handler(OSError, _answer_storage_full)
    mount.app = RouteAllowlistMiddleware(gradio_app, uploads_dir)
    return gradio_app


async def _answer_invalid_arguments(request: Request, error: Exception) -> Response:
    """Gradio would answer 500, or repeat all that it was sent."""
    log.info("%s: arguments that make no sense (%s)", request.scope["path"], type(error).__name__)
    return JSONResponse({"detail": "These arguments make no sense here."}, 422)


async def _answer_storage_full(request: Request, error: Exception) -> Response:
    """Of an upload that could not be written down, Gradio would answer 500; its page shows what stands here."""
    if not request.scope["path"].startswith(f"{API_PREFIX}/upload"):
        raise error
    storage_error = StorageFull(cause=type(error).__name__)
    run_log.log_unattributed_failure(storage_error, "")
    text = explain(storage_error, match_language(request.headers.get("accept-language")), is_billable=False).as_text()
    return PlainTextResponse(text, 507)


class RouteAllowlistMiddleware:
    """ASGI middleware around Gradio's app, and around nothing else."""

    def __init__(self, app: ASGIApp, uploads_dir: Path) -> None:
        self.app = app
        self._uploads_dir = uploads_dir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is open."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, is_read = scope["path"], scope["method"] in ("GET", "HEAD")
        max_bytes = (
            MAX_BYTES + MAX_FORM_OVERHEAD_BYTES if path.startswith(f"{API_PREFIX}/upload") else MAX_REQUEST_BYTES
        )
        length = Headers(scope=scope).get("content-length", "0")
        if is_read and path.startswith(FILE_PREFIX):
            if not is_servable_upload(path.removeprefix(FILE_PREFIX), self._uploads_dir):
                await PlainTextResponse("no such file", 404)(scope, receive, send)
                return
            # Asked for a part of a file, Gradio answers with all headers of the request as its own.
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        elif not (GET_ALLOWLIST if is_read else POST_ALLOWLIST).fullmatch(path.removesuffix("/") or "/"):
            await PlainTextResponse("not here", 404)(scope, receive, send)
            return
        if not length.isdecimal() or len(length) > 12 or int(length) > max_bytes:
            await PlainTextResponse("too large", 413)(scope, receive, send)
            return
        await self.app(scope, _limit_body(receive, max_bytes), send)


def _limit_body(receive: Receive, max_bytes: int) -> Receive:
    remaining_bytes = max_bytes

    async def receive_limited() -> Message:
        nonlocal remaining_bytes
        message = await receive()
        remaining_bytes -= len(message.get("body", b""))
        if remaining_bytes < 0:
            raise MultiPartException("More than the maximum allowed size.")  # at which Gradio clears its files away
        return message

    return receive_limited


def is_servable_upload(requested_path: str, uploads_dir: Path) -> bool:
    """Whether `named` is a file as an upload or a result lies: by its name in a folder of its own, and no link."""
    root = uploads_dir.absolute()
    try:
        path = root.joinpath(requested_path)
        folder, name = path.relative_to(root).parts
        return ".." not in (folder, name) and path.is_file() and path.resolve() == root.resolve() / folder / name
    except (OSError, ValueError):
        return False
