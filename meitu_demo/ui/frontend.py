"""Gradio's own scripts and styles, a hundred for a page: each compressed once and kept, where Gradio would do it anew
for every visitor. Their names change with what is in them, so a browser need not ask a second time.
"""

from pathlib import Path

import anyio
import brotli
import gradio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

PATH = "/assets/"
FOLDER = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # fonts are compressed already
FOR_EVER = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


_packed: dict[Path, bytes] = {}  # of the process


class Frontend:
    """ASGI middleware. What it does not know, and whoever reads no Brotli, is left to Gradio."""

    def __init__(self, app: ASGIApp, folder: Path = FOLDER) -> None:
        self.app = app
        self._files = {file.name: file for file in folder.iterdir() if file.suffix in KINDS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        asked = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
        name = asked.removeprefix(PATH) if asked.startswith(PATH) else ""
        if name not in self._files or "br" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        file = self._files[name]
        if file not in _packed:
            _packed[file] = await anyio.to_thread.run_sync(_pack, file)
        response = Response(
            _packed[file], media_type=KINDS[file.suffix], headers={**FOR_EVER, "content-encoding": "br"}
        )
        await response(scope, receive, send)


def _pack(file: Path) -> bytes:
    packed: bytes = brotli.compress(file.read_bytes(), quality=9)
    return packed
