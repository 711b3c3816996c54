"""The server side of Meitu's API, after the pages for facefuse, EmojMaterialH5 and aiquality."""

import base64
import binascii
import json
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..calls import download
from ..domain.errors import EngineRejection, ImageRejected, LinkRejected, ValueRejected
from ..domain.model import Endpoint
from ..domain.vendor_codes import VendorCode, code_for
from .request_body import format_measurements, read_body

ANSWER_VERSIONS = {"face_fuse": "1.0.0", "quality_restoration": "1.0.1"}  # as in the pages' samples
BASE64_MEDIA_TYPES = ("base64", "jpg")
log = logging.getLogger(__name__)


class _MalformedRequest(Exception):
    """The body is not as the document describes it. slug: of the answer."""

    def __init__(self, slug: str = "request_malformed") -> None:
        super().__init__()
        self.slug = slug


async def handle(request: Request, endpoint: Endpoint) -> Response:
    """Answer one call; every failure has the vendor's own code."""
    if not (request.query_params.get("api_key") and request.query_params.get("api_secret")):
        return failure_answer("key_refused")
    try:
        body = await read_body(request, endpoint.limits.max_bytes * 2)
        parameter, media = await anyio.to_thread.run_sync(_parse_body, body)
        media_type = _parse_media_type(parameter, endpoint)
        values = {
            control.name: parameter[control.wire_name]
            for control in endpoint.controls
            if control.wire_name in parameter
        }
        if isinstance(media, str):
            state = request.app.state
            media = await download.download_photo(state.http, media, allow_private=state.private_links)
        start = time.perf_counter()
        picture = await request.app.state.engine.run_effect(endpoint, media, values)
        elapsed_s = time.perf_counter() - start
    except _MalformedRequest as error:
        return failure_answer(error.slug)
    except (EngineRejection, ImageRejected, ValueRejected, LinkRejected) as error:
        return failure_answer(error.slug, format_measurements(error))
    except Exception:
        log.exception("%s failed", endpoint.id)
        return failure_answer("processing_failed")
    parameter = {
        "version": values.get("version") or ANSWER_VERSIONS.get(endpoint.id, "1.0.0"),
        "rsp_media_type": media_type,
    }
    if endpoint.id == "anime_avatar":
        parameter = {"time": round(elapsed_s, 9), **parameter}
    if media_type == "url":
        return _success_answer(parameter, str(request.url_for("result", token=request.app.state.results.put(picture))))
    return await anyio.to_thread.run_sync(_success_answer, parameter, picture)


def failure_answer(slug: str, detail: str = "") -> Response:
    """The vendor's answer for `slug`. detail: the field that the documents call 具体信息 (details)."""
    return vendor_answer(code_for("meitu", slug), detail)


def vendor_answer(code: VendorCode, detail: str = "") -> Response:
    """The vendor's answer with one of its codes."""
    number: int | str = int(code.code) if code.code.isdecimal() and len(code.code) < 19 else code.code
    if code.slug == "api_not_found":  # comes from another gateway, in another format
        return JSONResponse({"error_code": number, "message": "no route found"}, code.http)
    body = {"ErrorCode": number, "ErrorMsg": code.constant, "Data": None if code.slug == "key_refused" else detail}
    return JSONResponse(body, code.http, headers={"x-request-id": uuid.uuid4().hex})


def change_base64(body: dict[str, Any], change: Callable[[str], str]) -> None:
    """Change the base64 text of a successful answer; a link stays as it is."""
    for media in body["media_info_list"]:
        if media["media_profiles"]["media_data_type"] != "url":
            media["media_data"] = change(media["media_data"])


def set_link(body: dict[str, Any], link: str) -> None:
    """Replace a successful answer's picture with a link."""
    body["media_info_list"] = [{"media_data": link, "media_profiles": {"media_data_type": "url"}}]


def _success_answer(parameter: dict[str, Any], media: bytes | str) -> Response:
    """The answer with a picture, in base64, or the link to it. Blocks if it is a picture."""
    data, kind = (media, "url") if isinstance(media, str) else (base64.b64encode(media).decode("ascii"), "jpg")
    profiles = {"media_data_type": kind}
    body = {"parameter": parameter, "media_info_list": [{"media_data": data, "media_profiles": profiles}]}
    return JSONResponse(body, headers={"x-request-id": uuid.uuid4().hex})


def _parse_body(data: bytes) -> tuple[dict[str, Any], bytes | str]:
    """(parameter, the picture or its URL). `media_extra` and `extra` are accepted and ignored. Blocks."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise _MalformedRequest from None
    if not isinstance(body, dict):
        raise _MalformedRequest
    parameter = body.get("parameter")
    media_list = body.get("media_info_list")
    first = media_list[0] if isinstance(media_list, list) and media_list else None
    if not isinstance(parameter, dict) or not isinstance(first, dict):
        raise _MalformedRequest
    media = first.get("media_data")
    profiles = first.get("media_profiles")
    if profiles is None:  # required, although what it holds is optional
        raise _MalformedRequest("parameter_missing")
    if not isinstance(media, str) or not media or not isinstance(profiles, dict):
        raise _MalformedRequest
    kind = profiles.get("media_data_type", "jpg")
    if kind not in ("jpg", "url"):
        raise ValueRejected(control="media_data_type", value=str(kind)[:64], allowed="jpg, url")
    return parameter, media if kind == "url" else _decode_base64(media)


def _parse_media_type(parameter: dict[str, Any], endpoint: Endpoint) -> str:
    """How the picture is to be returned: "base64" (or "jpg", the same) or "url". Required only for the avatar."""
    media_type = parameter.get("rsp_media_type", None if endpoint.id == "anime_avatar" else "base64")
    if media_type is None:
        raise _MalformedRequest
    if media_type != "url" and media_type not in BASE64_MEDIA_TYPES:
        raise ValueRejected(control="rsp_media_type", value=str(media_type)[:64], allowed="base64, jpg, url")
    return str(media_type)


def _decode_base64(media: str) -> bytes:
    """Decode base64, with or without line breaks, which many programs send. Raises ImageRejected."""
    try:
        return base64.b64decode(media.replace("\r", "").replace("\n", ""), validate=True)
    except (binascii.Error, ValueError):
        raise ImageRejected("base64_unreadable") from None
