"""Serves the page's own images, template tiles and example thumbnails, under names instead of paths.

Gradio 6.31.0 would serve such a file under its path on this machine, or copy it under a hash of its content.
"""

from collections.abc import Callable
from functools import cache
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ...runtime import cpu_slots

PATH = "stills"
CACHE_HEADERS = {"cache-control": "public, max-age=3600"}

_renderers: dict[str, Callable[[], bytes]] = {}  # shared by all apps of the process: every page shows the same images


def register_image(name: str, render: Callable[[], bytes]) -> str:
    """Serve what `render` returns, called once, at the first request, as the JPEG `name`; returns its relative URL."""
    _renderers[name] = cache(render)
    return f"{PATH}/{quote(name, safe='')}"


def list_renderers() -> list[Callable[[], bytes]]:
    """What draws the registered images, each once, in the order of their registration."""
    return list(_renderers.values())


async def serve_image(request: Request) -> Response:
    """Route `/stills/{name}`: only registered images."""
    name = request.path_params["name"]
    if name not in _renderers:
        return PlainTextResponse("no such picture", 404)
    data = await cpu_slots.run_in_worker(_renderers[name])
    return Response(data, media_type="image/jpeg", headers=CACHE_HEADERS)
