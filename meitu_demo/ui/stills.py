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
AN_HOUR = {"cache-control": "public, max-age=3600"}
Still = Any  # Gradio's picture of a file, with an address and without its mark

_held: dict[str, Path | bytes] = {}  # of the process: what is in it is on every page


def put(name: str, picture: Path | bytes) -> Still:
    """Keep `picture`, a file that stays or a JPEG, as `name`; returns what Gradio's components show it by."""
    _held[name] = picture
    return {"path": None, "url": f"{PATH}/{quote(name, safe='')}", "orig_name": name}


async def serve(request: Request) -> Response:
    """The route's answer: only what has been put here."""
    held = _held.get(request.path_params["name"])
    if held is None:
        return PlainTextResponse("no such picture", 404)
    if isinstance(held, bytes):
        return Response(held, media_type="image/jpeg", headers=AN_HOUR)
    return FileResponse(held, headers=AN_HOUR)
