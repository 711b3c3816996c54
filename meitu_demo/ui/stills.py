"""The page's own pictures: the templates' previews and the example's thumbnail, each under a name of ours.

Gradio would serve them under the path that they have on this machine, or copy them under a hash of their content. It
leaves alone what has no path, and the browser resolves the address against the page's.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

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
