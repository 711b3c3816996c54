"""AILabTools' dialect: multipart in, a link out. Follows the vendor's facial-aesthetics page (both editions: direct key
and marketplace) and the three generations of its answers.
"""

from typing import Any

import httpx

from ..domain.errors import InvalidResponse, VendorError
from ..domain.model import CallTarget, Endpoint, ParsedResponse, Photo, ResultLink, Values
from .base import (
    JsonObject,
    build_error_without_code,
    classify_unreadable_body,
    parse_json_object,
    parse_measurements,
)

DISPLAY_NAME = "AILabTools"


def build(endpoint: Endpoint, target: CallTarget, photo: Photo, values: Values) -> httpx.Request:
    """POST a form with the photo as a file part; the key goes in a header."""
    key = target.credentials.key.get_secret_value()
    headers = {"ailabapi-api-key": key}
    if target.credentials.host:
        headers = {"x-rapidapi-key": key, "x-rapidapi-host": target.credentials.host}
    suffix = photo.media_type.rpartition("/")[2].replace("jpeg", "jpg")
    return httpx.Request(
        "POST",
        f"{target.base_url}{target.path_override or endpoint.path}",
        headers=headers,
        data={
            **endpoint.constant_fields,
            **{control.wire_name: str(values[control.name]) for control in endpoint.controls},
        },
        files={"image": (f"photo.{suffix}", photo.data, photo.media_type)},
    )


def parse(response: httpx.Response) -> ParsedResponse:
    """The link to the picture. Raises ProviderError, BadReply or OutcomeUnknown."""
    body = parse_json_object(response)
    if body is None:
        raise build_error_without_code("ailab", response, classify_unreadable_body(response))
    request_id = _to_text(body.get("request_id")) or _to_text(body.get("log_id")) or None
    code, message = _parse_error(body)
    if code:
        raise VendorError(
            "ailab",
            code,
            vendor_message=message,
            http_status=response.status_code,
            request_id=request_id,
            **parse_measurements(message),
        )
    if not response.is_success:
        raise build_error_without_code("ailab", response, "no_media", message, request_id)
    data = body.get("data")
    url = _to_text(data.get("image_url")) if isinstance(data, dict) else ""
    if not url.startswith(("http://", "https://")):
        raise InvalidResponse(provider="ailab", cause="no_media")
    return ParsedResponse(ResultLink(url), request_id)


def _parse_error(body: JsonObject) -> tuple[str, str]:
    """(code, message): `error_detail.code` where there is one, else the older number or string."""
    detail = body.get("error_detail")
    detail = detail if isinstance(detail, dict) else {}
    message = _to_text(detail.get("message")) or _to_text(body.get("error_msg")) or _to_text(body.get("message"))
    number = _to_code(body.get("error_code"))
    legacy_code = _to_text(body.get("error_code_str")) or number if number else ""
    return _to_code(detail.get("code")) or legacy_code, message


def _to_code(value: Any) -> str:
    """A code as text; zero is none."""
    return "" if _to_text(value) == "0" else _to_text(value)


def _to_text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
