"""Serves Gradio's scripts and styles, about a hundred for each page, compressed once and cacheable for ever.

Gradio 6.31.0 compresses them anew for every visitor. Their names change with their content, so browsers may keep them.
"""

from pathlib import Path

import anyio
import brotli
import gradio
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS_PATH = "/assets/"
ASSETS_DIR = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # fonts are compressed already
IMMUTABLE_HEADERS = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}

_compressed: dict[Path, bytes] = {}  # shared by all apps of the process


class PrecompressedAssetsMiddleware:
    """ASGI middleware. Unknown files, and clients that do not accept Brotli, are left to Gradio."""

    def __init__(self, app: ASGIApp, assets_dir: Path = ASSETS_DIR) -> None:
        self.app = app
        self._files = {file.name: file for file in assets_dir.iterdir() if file.suffix in MEDIA_TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the asset, or pass the request on."""
        url_path = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
        name = url_path.removeprefix(ASSETS_PATH) if url_path.startswith(ASSETS_PATH) else ""
        if name not in self._files or "br" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        file = self._files[name]
        if file not in _compressed:
            _compressed[file] = await anyio.to_thread.run_sync(_compress, file)
        headers = {**IMMUTABLE_HEADERS, "content-encoding": "br"}
        await Response(_compressed[file], media_type=MEDIA_TYPES[file.suffix], headers=headers)(scope, receive, send)


def _compress(file: Path) -> bytes:
    compressed: bytes = brotli.compress(file.read_bytes(), quality=9)
    return compressed
