"""AILabTools' API: the request is a form, the reply a link.

Follows the vendor's facial-aesthetics page, for direct keys and marketplace keys, and reads all three formats that its
error replies have had.
"""

from typing import Any

import httpx

from ..domain.errors import InvalidResponse, VendorError
from ..domain.model import CallTarget, Credentials, Endpoint, ImageLimits, ParsedResponse, Photo, ResultLink, Values
from ..settings import Settings
from .responses import (
    JsonObject,
    build_error_without_code,
    classify_unreadable_body,
    parse_json_object,
    parse_measurements,
)
from .vendor import KeyField, Vendor, VendorAccess


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
    """(code, message): `error_detail.code` if present, else the older number or string."""
    detail = body.get("error_detail")
    detail = detail if isinstance(detail, dict) else {}
    message = _to_text(detail.get("message")) or _to_text(body.get("error_msg")) or _to_text(body.get("message"))
    number = _to_code(body.get("error_code"))
    legacy_code = _to_text(body.get("error_code_str")) or number if number else ""
    return _to_code(detail.get("code")) or legacy_code, message


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
