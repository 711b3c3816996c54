"""AILabTools' dialect: multipart in, a link out. Follows the vendor's facial-aesthetics page (both editions: direct key
and marketplace) and the three generations of its answers.
"""

from typing import Any

import httpx

from ..errors import BadReply, ProviderError
from ..spec import Endpoint, Link, Photo, Reply, Route, Values
from .base import Json, measured, read_object, unreadable, without_code

NAME = "AILabTools"


def build(endpoint: Endpoint, route: Route, photo: Photo, values: Values) -> httpx.Request:
    """POST a form with the photo as a file part; the key goes in a header."""
    key = route.credentials.key.get_secret_value()
    headers = {"ailabapi-api-key": key}
    if route.credentials.host:
        headers = {"x-rapidapi-key": key, "x-rapidapi-host": route.credentials.host}
    suffix = photo.media_type.rpartition("/")[2].replace("jpeg", "jpg")
    return httpx.Request(
        "POST",
        f"{route.base_url}{route.path or endpoint.path}",
        headers=headers,
        data={**endpoint.wire, **{control.wire: str(values[control.name]) for control in endpoint.controls}},
        files={"image": (f"photo.{suffix}", photo.data, photo.media_type)},
    )


def parse(response: httpx.Response) -> Reply:
    """The link to the picture. Raises ProviderError, BadReply or OutcomeUnknown."""
    body = read_object(response)
    if body is None:
        raise without_code("ailab", response, unreadable(response))
    request_id = _text(body.get("request_id")) or _text(body.get("log_id")) or None
    code, message = _failure(body)
    if code:
        raise ProviderError(
            "ailab",
            code,
            vendor_message=message,
            http_status=response.status_code,
            request_id=request_id,
            **measured(message),
        )
    if not response.is_success:
        raise without_code("ailab", response, "no_media", message, request_id)
    data = body.get("data")
    url = _text(data.get("image_url")) if isinstance(data, dict) else ""
    if not url.startswith(("http://", "https://")):
        raise BadReply(provider="ailab", cause="no_media")
    return Reply(Link(url), request_id)


def _failure(body: Json) -> tuple[str, str]:
    """(code, message): `error_detail.code` where there is one, else the older number or string."""
    detail = body.get("error_detail")
    detail = detail if isinstance(detail, dict) else {}
    message = _text(detail.get("message")) or _text(body.get("error_msg")) or _text(body.get("message"))
    number = _code(body.get("error_code"))
    older = _text(body.get("error_code_str")) or number if number else ""
    return _code(detail.get("code")) or older, message


def _code(value: Any) -> str:
    """A code as text; zero is none."""
    return "" if _text(value) == "0" else _text(value)


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
