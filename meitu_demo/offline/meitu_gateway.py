"""Meitu's dialect, server side: as the pages of facefuse, EmojMaterialH5 and aiquality describe it."""

import base64
import binascii
import json
import logging
import time
import uuid
from typing import Any

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .. import links
from ..errors import ImageRejected, LinkRejected, Refusal, ValueRejected
from ..spec import Endpoint
from ..tables import VendorCode, answer
from .bodies import details, read_body

PROVIDER = "meitu"
VERSIONS = {"face_fuse": "1.0.0", "quality_restoration": "1.0.1"}  # as in the pages' samples of an answer
AS_BASE64 = ("base64", "jpg")
log = logging.getLogger(__name__)


class _Malformed(Exception):
    """The body is not what the document describes."""


async def handle(request: Request, endpoint: Endpoint) -> Response:
    """Answer one call; every cause of failure has the vendor's own code."""
    if not (request.query_params.get("api_key") and request.query_params.get("api_secret")):
        return failure("key_refused")
    try:
        body = _read_json(await read_body(request, endpoint.limits.max_bytes * 2))
        parameter, media, is_link = _dissect(body)
        answer_as = _answer_as(parameter, endpoint)
        values = {control.name: parameter[control.wire] for control in endpoint.controls if control.wire in parameter}
        if is_link:
            state = request.app.state
            data = await links.fetch_photo(state.http, media, any_address=state.private_links)
        else:
            data = await anyio.to_thread.run_sync(_decode, media)
        start = time.perf_counter()
        picture = await request.app.state.engine.run(endpoint, data, values)
        elapsed = time.perf_counter() - start
    except _Malformed:
        return failure("request_malformed")
    except (Refusal, ImageRejected, ValueRejected, LinkRejected) as error:
        return failure(error.slug, details(error))
    except Exception:
        log.exception("%s failed", endpoint.id)
        return failure("processing_failed")
    return await _success(request, endpoint, picture, answer_as, values, elapsed)


def failure(slug: str, detail: str = "") -> Response:
    """The vendor's answer for `slug`, in the form of its documents; `detail` goes where they have 具体信息."""
    return say(answer(PROVIDER, slug), detail)


def say(code: VendorCode, detail: str = "") -> Response:
    """The same for one of the vendor's codes."""
    number: int | str = int(code.code) if code.code.isdecimal() and len(code.code) < 19 else code.code
    if code.slug == "api_not_found":  # this one comes from another gateway, in other words
        return JSONResponse({"error_code": number, "message": "no route found"}, code.http)
    body = {"ErrorCode": number, "ErrorMsg": code.constant, "Data": None if code.slug == "key_refused" else detail}
    return JSONResponse(body, code.http, headers={"x-request-id": uuid.uuid4().hex})


async def _success(
    request: Request, endpoint: Endpoint, picture: bytes, answer_as: str, values: dict[str, Any], elapsed: float
) -> Response:
    parameter: dict[str, Any] = {
        "version": values.get("version") or VERSIONS.get(endpoint.id, "1.0.0"),
        "rsp_media_type": answer_as,
    }
    if endpoint.id == "anime_avatar":
        parameter = {"time": round(elapsed, 9), **parameter}
    if answer_as == "url":
        media, kind = str(request.url_for("result", token=request.app.state.results.put(picture))), "url"
    else:
        media, kind = (await anyio.to_thread.run_sync(base64.b64encode, picture)).decode("ascii"), "jpg"
    profiles = {"media_data_type": kind}
    body = {"parameter": parameter, "media_info_list": [{"media_data": media, "media_profiles": profiles}]}
    return JSONResponse(body, headers={"x-request-id": uuid.uuid4().hex})


def _read_json(data: bytes) -> dict[str, Any]:
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        raise _Malformed from None
    if not isinstance(body, dict):
        raise _Malformed
    return body


def _dissect(body: dict[str, Any]) -> tuple[dict[str, Any], str, bool]:
    """(parameter, media_data, whether that is a URL). `media_extra` and `extra` are accepted and not needed."""
    parameter = body.get("parameter")
    media_list = body.get("media_info_list")
    first = media_list[0] if isinstance(media_list, list) and media_list else None
    if not isinstance(parameter, dict) or not isinstance(first, dict):
        raise _Malformed
    media = first.get("media_data")
    profiles = first.get("media_profiles") or {}
    if not isinstance(media, str) or not media or not isinstance(profiles, dict):
        raise _Malformed
    kind = profiles.get("media_data_type", "jpg")
    if kind not in ("jpg", "url"):
        raise ValueRejected(control="media_data_type", value=str(kind)[:64], allowed="jpg, url")
    return parameter, media, kind == "url"


def _answer_as(parameter: dict[str, Any], endpoint: Endpoint) -> str:
    """How the picture is wanted: base64 (two spellings) or url. Required for the avatar alone."""
    wanted = parameter.get("rsp_media_type", None if endpoint.id == "anime_avatar" else "base64")
    if wanted is None:
        raise _Malformed
    if wanted != "url" and wanted not in AS_BASE64:
        raise ValueRejected(control="rsp_media_type", value=str(wanted)[:64], allowed="base64, jpg, url")
    return str(wanted)


def _decode(media: str) -> bytes:
    try:
        return base64.b64decode(media, validate=True)
    except (binascii.Error, ValueError):
        raise ImageRejected("base64_unreadable") from None
