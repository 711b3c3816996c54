"""The failure lab's damages: what can be wrong with an answer that was good. For `lab.py` alone."""

import base64
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

TEXT = b"This is no picture."
Json = dict[str, Any]


def _in_base64(change: Callable[[str], str]) -> Callable[[Request, bytes], Response]:
    def damage(request: Request, answered: bytes) -> Response:
        body: Json = json.loads(answered)
        for media in body.get("media_info_list", ()):
            if media["media_profiles"]["media_data_type"] != "url":
                media["media_data"] = change(media["media_data"])
        return JSONResponse(body)

    return damage


def _with_link(request: Request, answered: bytes, token: str) -> Response:
    """The same answer with the picture behind another link."""
    body: Json = json.loads(answered)
    link = str(request.url_for("result", token=token))
    if "data" in body:
        body["data"]["image_url"] = link
    else:
        body["media_info_list"] = [{"media_data": link, "media_profiles": {"media_data_type": "url"}}]
    return JSONResponse(body)


def _not_an_image(request: Request, answered: bytes) -> Response:
    if "data" in json.loads(answered):
        return _with_link(request, answered, request.app.state.results.put(TEXT))
    return _in_base64(lambda media: base64.b64encode(TEXT).decode())(request, answered)


DAMAGES: dict[str, Callable[[Request, bytes], Response]] = {
    "truncated_json": lambda request, answered: Response(answered[: len(answered) // 2], media_type="application/json"),
    "wrong_content_type": lambda request, answered: HTMLResponse(answered),
    "base64_newlines": _in_base64(lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))),
    "base64_prefix": _in_base64(lambda text: f"data:image/jpeg;base64,{text}"),
    "base64_garbage": _in_base64(lambda text: f"{text[: len(text) // 2]}!%$?{text[len(text) // 2 + 4 :]}"),
    "base64_cut_tail": _in_base64(lambda text: text[: len(text) * 2 // 3 // 4 * 4]),
    "not_an_image": _not_an_image,
    "expired_link": lambda request, answered: _with_link(request, answered, "expired"),
}
