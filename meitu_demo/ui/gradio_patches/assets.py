"""Gradio's own scripts and styles, a hundred for a page: each compressed once and kept, where Gradio would do it anew
for every visitor. Their names change with what is in them, so a browser need not ask a second time.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio
import brotli
import gradio
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS_PATH = "/assets/"
ASSETS_DIR = Path(gradio.__file__).parent / "templates" / "frontend" / "assets"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}  # fonts are compressed already
IMMUTABLE_HEADERS = {"cache-control": "public, max-age=31536000, immutable", "vary": "Accept-Encoding"}


_compressed: dict[Path, bytes] = {}  # of the process


class PrecompressedAssetsMiddleware:
    """ASGI middleware. What it does not know, and whoever reads no Brotli, is left to Gradio."""

    def __init__(self, app: ASGIApp, assets_dir: Path = ASSETS_DIR) -> None:
        self.app = app
        self._files = {file.name: file for file in assets_dir.iterdir() if file.suffix in MEDIA_TYPES}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        url_path = scope["path"] if scope["type"] == "http" and scope["method"] == "GET" else ""
        name = url_path.removeprefix(ASSETS_PATH) if url_path.startswith(ASSETS_PATH) else ""
        if name not in self._files or "br" not in Headers(scope=scope).get("accept-encoding", ""):
            await self.app(scope, receive, send)
            return
        file = self._files[name]
        if file not in _compressed:
            _compressed[file] = await anyio.to_thread.run_sync(_compress, file)
        response = Response(
            _compressed[file],
            media_type=MEDIA_TYPES[file.suffix],
            headers={**IMMUTABLE_HEADERS, "content-encoding": "br"},
        )
        await response(scope, receive, send)


def _compress(file: Path) -> bytes:
    compressed: bytes = brotli.compress(file.read_bytes(), quality=9)
    return compressed


# MERGED ui/stills.py: The page's own pictures: the templates' previews and the example's thumbnail, each under a name
# of ours. Gradio would serve them under the path that they have on this machine, or copy them under a hash of their
# content. It leaves alone what has no path, and the browser resolves the address against the page's.

PATH = "stills"
CACHE_HEADERS = {"cache-control": "public, max-age=3600"}
GradioImage = Any  # Gradio's picture of a file, with an address and without its mark

_images: dict[str, Path | bytes] = {}  # of the process: what is in it is on every page


def register_image(name: str, image: Path | bytes) -> GradioImage:
    """Keep `picture`, a file that stays or a JPEG, as `name`; returns what Gradio's components show it by."""
    _images[name] = image
    return {"path": None, "url": f"{PATH}/{quote(name, safe='')}", "orig_name": name}


async def serve_image(request: Request) -> Response:
    """The route's answer: only what has been put here."""
    image = _images.get(request.path_params["name"])
    if image is None:
        return PlainTextResponse("no such picture", 404)
    if isinstance(image, bytes):
        return Response(image, media_type="image/jpeg", headers=CACHE_HEADERS)
    return FileResponse(image, headers=CACHE_HEADERS)
