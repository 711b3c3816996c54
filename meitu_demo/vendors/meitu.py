"""Meitu's API: JSON with base64 pictures, and the keys in the query.

Follows the vendor's pages for facefuse, EmojMaterialH5 and aiquality, and reads further error formats of its gateways.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx

from ..domain.errors import InvalidResponse
from ..domain.model import CallTarget, Credentials, Endpoint, ImageLimits, ParsedResponse, Photo, ResultLink, Values
from ..settings import Settings
from .responses import (
    JsonObject,
    build_error,
    classify_unreadable_body,
    parse_json_object,
    parse_measurements,
    read_plain_text,
    to_detail,
)
from .vendor import KeyField, Vendor, VendorAccess

CODE_FIELDS = ("ErrorCode", "error_code", "code")
MESSAGE_FIELDS = ("ErrorMsg", "error_msg", "message", "msg")
REQUEST_ID_FIELDS = ("request_id", "requestId", "trace_id", "msg_id")
QUEUED_STATUS = "9"  # of openapi.meitu.com, a newer gateway whose answers are to be polled


def build(endpoint: Endpoint, target: CallTarget, photo: Photo, values: Values) -> httpx.Request:
    """POST with the keys in the query and the photo as bare base64. Never log or format this request's URL."""
    secret = target.credentials.secret
    body = build_body(endpoint.build_wire_fields(values), base64.b64encode(photo.data).decode("ascii"))
    return httpx.Request(
        "POST",
        f"{target.base_url}{target.path_override or endpoint.path}",
        params={
            "api_key": target.credentials.key.get_secret_value(),
            "api_secret": secret.get_secret_value() if secret else "",
        },
        json=body,
    )


def build_body(parameter: Mapping[str, Any], media_data: str) -> JsonObject:
    """The JSON body. media_data: the photo as base64."""
    profiles = {"media_data_type": "jpg"}  # means base64 of any picture format
    media = {"media_data": media_data, "media_profiles": profiles}
    return {"parameter": parameter, "extra": {}, "media_info_list": [media]}


def parse(response: httpx.Response) -> ParsedResponse:
    """Picture bytes or a link. Raises VendorError, InvalidResponse or OutcomeUnknown."""
    body = parse_json_object(response)
    if body is None:
        raise build_error("meitu", response, classify_unreadable_body(response), message=read_plain_text(response))
    request_id = _first_value(body, REQUEST_ID_FIELDS) or response.headers.get("x-request-id")
    code, message = _parse_error(body)
    media = _extract_media(body)
    if code or not response.is_success or media is None:
        data = body.get("data")
        is_queued = isinstance(data, dict) and str(data.get("status")) == QUEUED_STATUS
        measurements = parse_measurements(body.get("Data"))
        raise build_error(
            "meitu",
            response,
            "queued" if is_queued else "no_media",
            code=code,
            message=message,
            request_id=request_id,
            log_id=_first_value(body, ("log_id",)),
            vendor_detail=""
            if measurements
            else to_detail(body.get("Data") or (data if isinstance(data, str) else "")),
            **measurements,
        )
    if media.startswith(("http://", "https://")):  # by the value: the declared type is unreliable
        return ParsedResponse(ResultLink(media), request_id)
    return ParsedResponse(_decode_base64(media, request_id), request_id)


def _parse_error(body: JsonObject) -> tuple[str, str]:
    """(code, message), both "" for a success. A reply nested in the message or result is unwrapped."""
    code = _first_value(body, CODE_FIELDS) or ""
    message = _first_value(body, MESSAGE_FIELDS) or ""
    for _ in range(3):
        inner = _unwrap_nested(body, message)
        if inner is None:
            break
        body = inner
        code = _first_value(body, CODE_FIELDS) or code
        message = _first_value(body, MESSAGE_FIELDS) or message
    return code, message


def _unwrap_nested(body: JsonObject, message: str) -> JsonObject | None:
    if message.lstrip().startswith("{"):
        try:
            inner = json.loads(message)
        except (ValueError, RecursionError):
            return None
        return inner if isinstance(inner, dict) else None
    data = body.get("data")
    result = data.get("result") if isinstance(data, dict) else None
    return result if isinstance(result, dict) else None


def _first_value(body: JsonObject, names: tuple[str, ...]) -> str | None:
    """The value of the first of `names` that is neither empty nor zero."""
    for name in names:
        value: Any = body.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip() not in ("", "0"):
            return str(value).strip()
    return None


def _extract_media(body: JsonObject) -> str | None:
    media_list = body.get("media_info_list")
    first = media_list[0] if isinstance(media_list, list) and media_list else None
    media = first.get("media_data") if isinstance(first, dict) else None
    return media.strip() if isinstance(media, str) and media.strip() else None


def _decode_base64(media: str, request_id: str | None) -> bytes:
    """Decode base64 as vendors send it: perhaps with a data: prefix, with newlines, or without padding.

    request_id: for the error.
    """
    try:
        return base64.b64decode(media, validate=True)  # first, because the clean-up below takes ten times as long
    except (binascii.Error, ValueError):
        pass
    text = re.sub(r"\s+", "", media.partition(",")[2] if media.startswith("data:") else media).rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidResponse(vendor="meitu", cause="not_base64", request_id=request_id) from None


def _get_owner_access(settings: Settings) -> VendorAccess | None:
    if settings.meitu_key and settings.meitu_secret:
        return VendorAccess(Credentials(settings.meitu_key, settings.meitu_secret), settings.meitu_base_url)
    return None


VENDOR = Vendor(
    id="meitu",
    base_url=Settings().meitu_base_url,
    limits=ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2 * 1024 * 1024),
    keys=(KeyField("api_key", "MEITU_API_KEY"), KeyField("api_secret", "MEITU_API_SECRET")),
    visitor_fields=("meitu_key", "meitu_secret"),
    get_owner_access=_get_owner_access,
    get_visitor_base_url=lambda settings: settings.meitu_base_url,
    get_recipient=lambda settings: settings.meitu_recipient,
    build=build,
    parse=parse,
    build_body=build_body,
    reply_path=("media_info_list", 0, "media_data"),
)
