"""Serves the page's own images, template tiles and example thumbnails, under names instead of paths.

Gradio 6.31.0 would serve such a file under its path on this machine, or copy it under a hash of its content. It leaves
a payload without `path` alone, and the browser resolves its `url` against the page's address.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from ...runtime import cpu_slots

PATH = "stills"
CACHE_HEADERS = {"cache-control": "public, max-age=3600"}
GradioImage = Any  # Gradio's payload for an image: a dict without the `meta` of an upload

Image = Path | bytes | Callable[[], bytes]  # a permanent file, a JPEG, or a function that draws one
_images: dict[str, Image] = {}  # shared by all apps of the process: every page shows the same images


def register_image(name: str, image: Image) -> GradioImage:
    """Serve `image` as `name`; returns the payload that shows it in a component. A function draws at each request."""
    _images[name] = image
    return {"path": None, "url": f"{PATH}/{quote(name, safe='')}", "orig_name": name}


async def serve_image(request: Request) -> Response:
    """Route `/stills/{name}`: only registered images."""
    image = _images.get(request.path_params["name"])
    if image is None:
        return PlainTextResponse("no such picture", 404)
    if callable(image):
        image = await cpu_slots.run_in_worker(image)
    if isinstance(image, bytes):
        return Response(image, media_type="image/jpeg", headers=CACHE_HEADERS)
    return FileResponse(image, headers=CACHE_HEADERS)
