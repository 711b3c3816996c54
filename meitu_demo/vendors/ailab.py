"""AILabTools' API: the request is a form, the reply a link.

Follows the vendor's facial-aesthetics page, for direct keys and marketplace keys, and reads all three formats that its
error replies have had.
"""

import re
from typing import Any

import httpx

from ..domain.model import CallTarget, Credentials, Endpoint, ImageLimits, ParsedResponse, Photo, ResultLink, Values
from ..settings import Settings
from .responses import (
    JsonObject,
    build_error,
    classify_unreadable_body,
    parse_json_object,
    parse_measurements,
    read_plain_text,
)
from .vendor import KeyField, Vendor, VendorAccess

HTTP_STATUS = re.compile(r"[1-5][0-9]{2}")


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
        data={name: str(value) for name, value in endpoint.build_wire_fields(values).items()},
        files={"image": (f"photo.{suffix}", photo.data, photo.media_type)},
    )


def parse(response: httpx.Response) -> ParsedResponse:
    """The link to the picture. Raises VendorError, InvalidResponse or OutcomeUnknown."""
    body = parse_json_object(response)
    if body is None:
        raise build_error("ailab", response, classify_unreadable_body(response), message=read_plain_text(response))
    request_id, log_id = _to_text(body.get("request_id")), _to_text(body.get("log_id"))
    detail = body.get("error_detail")
    detail = detail if isinstance(detail, dict) else {}
    code, status = _parse_code(body, detail, response.status_code)
    data = body.get("data")
    url = _to_text(data.get("image_url")) if isinstance(data, dict) else ""
    if code or status >= 300 or not url.startswith(("http://", "https://")):
        message = _to_text(detail.get("message")) or _to_text(body.get("error_msg")) or _to_text(body.get("message"))
        code_message = _to_text(detail.get("code_message"))
        raise build_error(
            "ailab",
            response,
            "no_media",
            code=code,
            message=message,
            status=status,
            request_id=request_id or log_id,
            log_id=log_id if request_id else "",
            vendor_detail="" if code_message == message else code_message,
            **parse_measurements(message),
        )
    return ParsedResponse(ResultLink(url), request_id or log_id or None)


def _parse_code(body: JsonObject, detail: JsonObject, http_status: int) -> tuple[str, int]:
    """(code, status): `error_detail.code` if present, else the older string or number.

    A number that is only an HTTP status is no code; it is the status of an answer that comes under HTTP 2xx.
    """
    number = _to_code(body.get("error_code"))
    candidates = (_to_code(detail.get("code")), _to_text(body.get("error_code_str")) if number else "", number)
    code = next((value for value in candidates if value and not HTTP_STATUS.fullmatch(value)), "")
    if code or http_status >= 300:
        return code, http_status
    statuses = (*candidates, _to_text(detail.get("status_code")))
    failed = (int(value) for value in statuses if HTTP_STATUS.fullmatch(value) and int(value) >= 300)
    return "", next(failed, http_status)


def _to_code(value: Any) -> str:
    """A code as text; "" for zero, which means no error."""
    return "" if _to_text(value) == "0" else _to_text(value)


def _to_text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _get_owner_access(settings: Settings) -> VendorAccess | None:
    """A direct key takes precedence over a marketplace key."""
    base_url, path = settings.ailab_base_url, settings.ailab_path
    if settings.ailab_key:
        return VendorAccess(Credentials(settings.ailab_key), base_url, path)
    if settings.rapidapi_key:
        return VendorAccess(Credentials(settings.rapidapi_key, host=settings.rapidapi_host), base_url, path)
    return None


def _get_visitor_base_url(settings: Settings) -> str:
    """Visitors bring direct keys, which the marketplace's host does not accept."""
    uses_marketplace = settings.rapidapi_key is not None and settings.ailab_key is None
    return Settings().ailab_base_url if uses_marketplace else settings.ailab_base_url


VENDOR = Vendor(
    id="ailab",
    base_url=Settings().ailab_base_url,
    limits=ImageLimits(  # "larger than 10×10, smaller than 2000×2000"
        min_side_px=11,
        max_side_px=1999,
        max_bytes=3 * 1024 * 1024,
        media_types=("image/jpeg", "image/png", "image/bmp"),
        names_min_face=False,
        recommended_angle_deg=60,
    ),
    keys=(KeyField("ailabapi-api-key", "AILAB_API_KEY", is_header=True),),
    marketplace_keys=(
        KeyField("x-rapidapi-key", "RAPIDAPI_KEY", is_header=True),
        KeyField("x-rapidapi-host", "RAPIDAPI_HOST", is_header=True, is_secret=False),
    ),
    visitor_fields=("ailab_key",),
    is_retired=True,  # facial aesthetics: switched off by its vendor in February 2026
    get_owner_access=_get_owner_access,
    get_visitor_base_url=_get_visitor_base_url,
    get_recipient=lambda settings: settings.ailab_recipient,
    build=build,
    parse=parse,
    photo_part="image",
    reply_path=("data", "image_url"),
    always_links=True,
)
