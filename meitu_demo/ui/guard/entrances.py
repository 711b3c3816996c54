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

from ... import journal
from ...endpoints import CATALOGUE
from ...errors import StorageFull
from ...explain import explain
from ...imaging.codec import MAX_BYTES
from ...words import match_language

log = logging.getLogger(__name__)
API = "/gradio_api"
FILE = f"{API}/file="
NAMES = "|".join(map(re.escape, CATALOGUE))
READ = re.compile(
    rf"/|/config|/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/logout|/(assets|static|svelte)/[\w./-]+"
    rf"|{API}/(info|openapi\.json|app_id|user|login_check|theme\.css|queue/(data|status)|upload_progress)"
    rf"|{API}/heartbeat/[\w-]{{1,64}}|{API}/call/(v2/)?({NAMES})/[\w-]{{1,64}}",
    re.ASCII,
)
POST = re.compile(rf"/login|{API}/(upload|queue/join|cancel|reset)|{API}/call/(v2/)?({NAMES})")
FORM = 64 * 1024  # bytes around one photo in a form
WORDS = 2 * 1024 * 1024  # bytes of anything else that is sent here
# What Gradio does with arguments that it did not expect, before any code of ours runs.
NONSENSE = (LookupError, TypeError, ValueError, AttributeError, RecursionError, FnIndexInferError)


def narrow(app: FastAPI, uploads: Path) -> App:
    """Put the entrances before the Gradio app that was mounted last on `app`; returns Gradio's."""
    mount = app.router.routes[-1]
    assert isinstance(mount, Mount)
    gradio = mount.app
    assert isinstance(gradio, App)
    for kind in (*NONSENSE, RequestValidationError):
        gradio.add_exception_handler(kind, _nonsense)
    gradio.add_exception_handler(OSError, _no_room)
    mount.app = Entrances(gradio, uploads)
    return gradio


async def _nonsense(request: Request, error: Exception) -> Response:
    """Gradio would answer 500, or repeat all that it was sent."""
    log.info("%s: arguments that make no sense (%s)", request.scope["path"], type(error).__name__)
    return JSONResponse({"detail": "These arguments make no sense here."}, 422)


async def _no_room(request: Request, error: Exception) -> Response:
    """Of an upload that could not be written down, Gradio would answer 500; its page shows what stands here."""
    if not request.scope["path"].startswith(f"{API}/upload"):
        raise error
    failed = StorageFull(cause=type(error).__name__)
    journal.log_unattributed_failure(failed, "")
    text = explain(failed, match_language(request.headers.get("accept-language")), is_billable=False).as_text()
    return PlainTextResponse(text, 507)


class Entrances:
    """ASGI middleware around Gradio's app, and around nothing else."""

    def __init__(self, app: ASGIApp, uploads: Path) -> None:
        self.app = app
        self._uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve what is open."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, reads = scope["path"], scope["method"] in ("GET", "HEAD")
        limit = MAX_BYTES + FORM if path.startswith(f"{API}/upload") else WORDS
        length = Headers(scope=scope).get("content-length", "0")
        if reads and path.startswith(FILE):
            if not handed_out(path.removeprefix(FILE), self._uploads):
                await PlainTextResponse("no such file", 404)(scope, receive, send)
                return
            # Asked for a part of a file, Gradio answers with all headers of the request as its own.
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"range"]
        elif not (READ if reads else POST).fullmatch(path.removesuffix("/") or "/"):
            await PlainTextResponse("not here", 404)(scope, receive, send)
            return
        if not length.isdecimal() or len(length) > 12 or int(length) > limit:
            await PlainTextResponse("too large", 413)(scope, receive, send)
            return
        await self.app(scope, _counted(receive, limit), send)


def _counted(receive: Receive, limit: int) -> Receive:
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise MultiPartException("More than the maximum allowed size.")  # at which Gradio clears its files away
        return message

    return counted


def handed_out(named: str, uploads: Path) -> bool:
    """Whether `named` is a file as an upload or a result lies: by its name in a folder of its own, and no link."""
    home = uploads.absolute()
    try:
        path = home.joinpath(named)
        folder, name = path.relative_to(home).parts
        return ".." not in (folder, name) and path.is_file() and path.resolve() == home.resolve() / folder / name
    except (OSError, ValueError):
        return False
