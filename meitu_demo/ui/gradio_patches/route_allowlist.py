"""Serves only those of Gradio's routes that the page and API clients need; every other path answers 404.

Gradio 6.31.0 comes with a proxy, a video editor, streams, a store of page states and a fetcher of any URL, none of
which the demo uses. For the routes that remain, request bodies are limited, files are served only from an upload's own
folder, ranges are ignored (Gradio answers them with the request's headers as its own), and invalid arguments get 422
where Gradio would answer 500 or echo the input.
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

from ...calls.run_log import report_failure
from ...domain.errors import StorageFull
from ...domain.translations import match_language
from ...endpoints import CATALOGUE
from ...photos.codec import MAX_BYTES
from ...runtime.log_format import RateLimitFilter
from .event_streams import EventStreams

log = logging.getLogger(__name__)
log.addFilter(RateLimitFilter())
API_PREFIX = "/gradio_api"
FILE_PREFIX = f"{API_PREFIX}/file="
ENDPOINT_IDS_PATTERN = "|".join(map(re.escape, CATALOGUE))
GET_ALLOWLIST = re.compile(
    rf"/|/config|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/logout|/(assets|static|svelte)(/[\w-][\w.-]*)+"
    rf"|{API_PREFIX}/(info|openapi\.json|app_id|user|login_check|theme\.css|queue/(data|status)|upload_progress)"
    rf"|{API_PREFIX}/heartbeat/[\w-]{{1,64}}|{API_PREFIX}/call/(v2/)?({ENDPOINT_IDS_PATTERN})/[\w-]{{1,64}}",
    re.ASCII,
)
POST_ALLOWLIST = re.compile(
    rf"/login|{API_PREFIX}/(upload|queue/join|cancel|reset)|{API_PREFIX}/call/(v2/)?({ENDPOINT_IDS_PATTERN})"
)
MAX_FORM_OVERHEAD_BYTES = 64 * 1024  # around the one photo in a form
MAX_REQUEST_BYTES = 2 * 1024 * 1024  # of every request but an upload
# What Gradio raises for arguments that it does not expect, before any of our code runs.
ARGUMENT_ERRORS = (LookupError, TypeError, ValueError, AttributeError, RecursionError, FnIndexInferError)


def install(app: FastAPI, uploads_dir: Path) -> App:
    """Put the allowlist before the Gradio app that was mounted last on `app`; returns Gradio's app."""
    mount = app.router.routes[-1]
    assert isinstance(mount, Mount)
    gradio_app = mount.app
    assert isinstance(gradio_app, App)
    for error_class in (*ARGUMENT_ERRORS, RequestValidationError):
        gradio_app.add_exception_handler(error_class, _answer_invalid_arguments)
    gradio_app.add_exception_handler(OSError, _answer_storage_full)
    event_streams = gradio_app.state.event_streams = EventStreams(gradio_app)
    mount.app = RouteAllowlistMiddleware(gradio_app, uploads_dir, event_streams)
    return gradio_app


async def _answer_invalid_arguments(request: Request, error: Exception) -> Response:
    log.info("%s: arguments that make no sense (%s)", request.scope["path"], type(error).__name__)
    return JSONResponse({"detail": "These arguments make no sense here."}, 422)


async def _answer_storage_full(request: Request, error: Exception) -> Response:
    """Explain an upload that could not be written (507); Gradio's page shows the text."""
    if not request.scope["path"].startswith(f"{API_PREFIX}/upload"):
        raise error
    storage_error = StorageFull(cause=type(error).__name__)
    language = match_language(request.headers.get("accept-language"))
    return PlainTextResponse(report_failure(storage_error, language, is_billable=False).as_text(), 507)


class RouteAllowlistMiddleware:
    """ASGI middleware around Gradio's app alone. Answers 404 to paths that are not listed, 413 to large bodies."""

    def __init__(self, app: ASGIApp, uploads_dir: Path, event_streams: EventStreams) -> None:
        self.app = app
        self._event_streams = event_streams
        self._uploads_dir = uploads_dir

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
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
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        elif not (GET_ALLOWLIST if is_read else POST_ALLOWLIST).fullmatch(path.removesuffix("/") or "/"):
            await PlainTextResponse("not here", 404)(scope, receive, send)
            return
        if not length.isdecimal() or len(length) > 12 or int(length) > max_bytes:
            await PlainTextResponse("too large", 413)(scope, receive, send)
            return
        response = self._event_streams.find_response(scope)
        if response:
            await response(scope, receive, send)
            return
        await self.app(scope, _limit_body(receive, max_bytes), send)


def _limit_body(receive: Receive, max_bytes: int) -> Receive:
    remaining_bytes = max_bytes

    async def receive_limited() -> Message:
        nonlocal remaining_bytes
        message = await receive()
        remaining_bytes -= len(message.get("body", b""))
        if remaining_bytes < 0:
            raise MultiPartException("More than the maximum allowed size.")  # makes Gradio delete the partial file
        return message

    return receive_limited


def is_servable_upload(requested_path: str, uploads_dir: Path) -> bool:
    """Whether `requested_path` is spelled as a file directly in a folder of `uploads_dir`, and neither is a link."""
    root = uploads_dir.absolute()
    try:
        path = root.joinpath(requested_path)
        folder, name = path.relative_to(root).parts
        return ".." not in (folder, name) and path.is_file() and path.resolve() == root.resolve() / folder / name
    except (OSError, ValueError):
        return False
