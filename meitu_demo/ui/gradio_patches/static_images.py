"""Serves the page's own images, template previews and example thumbnails, under names instead of paths.

Gradio 6.31.0 would serve such a file under its path on this machine, or copy it under a hash of its content. It leaves
a payload without `path` alone, and the browser resolves its `url` against the page's address.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

PATH = "stills"
CACHE_HEADERS = {"cache-control": "public, max-age=3600"}
GradioImage = Any  # Gradio's payload for an image: a dict without the `meta` of an upload

_images: dict[str, Path | bytes] = {}  # shared by all apps of the process: every page shows the same images


def register_image(name: str, image: Path | bytes) -> GradioImage:
    """Serve `image`, a permanent file or a JPEG, as `name`; returns the payload that shows it in a component."""
    _images[name] = image
    return {"path": None, "url": f"{PATH}/{quote(name, safe='')}", "orig_name": name}


async def serve_image(request: Request) -> Response:
    """Route `/stills/{name}`: only registered images."""
    image = _images.get(request.path_params["name"])
    if image is None:
        return PlainTextResponse("no such picture", 404)
    if isinstance(image, bytes):
        return Response(image, media_type="image/jpeg", headers=CACHE_HEADERS)
    return FileResponse(image, headers=CACHE_HEADERS)
