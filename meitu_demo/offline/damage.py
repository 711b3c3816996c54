"""The failure lab's damages: what can be wrong with an answer that was good. For `lab.py` alone."""

import base64
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

NOT_A_PICTURE = b"This is no picture."
JsonObject = dict[str, Any]


def _corrupt_base64(change: Callable[[str], str]) -> Callable[[Request, bytes], Response]:
    def corrupt(request: Request, answer_body: bytes) -> Response:
        body: JsonObject = json.loads(answer_body)
        for media in body.get("media_info_list", ()):
            if media["media_profiles"]["media_data_type"] != "url":
                media["media_data"] = change(media["media_data"])
        return JSONResponse(body)

    return corrupt


def _replace_with_link(request: Request, answer_body: bytes, token: str) -> Response:
    """The same answer with the picture behind another link."""
    body: JsonObject = json.loads(answer_body)
    link = str(request.url_for("result", token=token))
    if "data" in body:
        body["data"]["image_url"] = link
    else:
        body["media_info_list"] = [{"media_data": link, "media_profiles": {"media_data_type": "url"}}]
    return JSONResponse(body)


def _replace_with_text(request: Request, answer_body: bytes) -> Response:
    if "data" in json.loads(answer_body):
        return _replace_with_link(request, answer_body, request.app.state.results.put(NOT_A_PICTURE))
    return _corrupt_base64(lambda media: base64.b64encode(NOT_A_PICTURE).decode())(request, answer_body)


RESPONSE_FAULTS: dict[str, Callable[[Request, bytes], Response]] = {
    "truncated_json": lambda request, answered: Response(answered[: len(answered) // 2], media_type="application/json"),
    "wrong_content_type": lambda request, answered: HTMLResponse(answered),
    "base64_newlines": _corrupt_base64(lambda text: "\r\n".join(text[at : at + 76] for at in range(0, len(text), 76))),
    "base64_prefix": _corrupt_base64(lambda text: f"data:image/jpeg;base64,{text}"),
    "base64_garbage": _corrupt_base64(lambda text: f"{text[: len(text) // 2]}!%$?{text[len(text) // 2 + 4 :]}"),
    "base64_cut_tail": _corrupt_base64(lambda text: text[: len(text) * 2 // 3 // 4 * 4]),
    "not_an_image": _replace_with_text,
    "expired_link": lambda request, answered: _replace_with_link(request, answered, "expired"),
}
