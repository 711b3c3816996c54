"""What a provider module offers, and how both of them read an answer that is not a success."""

import json
import re
from typing import Any, Protocol

import httpx

from ..domain.errors import DemoError, InvalidResponse, OutcomeUnknown, VendorError
from ..domain.model import CallTarget, Endpoint, ImageLimits, ParsedResponse, Photo, Values

JsonObject = dict[str, Any]
MEASUREMENT_NAMES = ("angle", "limit", "side", "share", "width", "height", "bytes")


class VendorCodec(Protocol):
    """A vendor's dialect, client side; a module with these names will do."""

    DISPLAY_NAME: str  # as a person writes it

    def build(self, endpoint: Endpoint, target: CallTarget, photo: Photo, values: Values) -> httpx.Request:
        """The request for `photo` and checked `values`. Pure."""

    def parse(self, response: httpx.Response) -> ParsedResponse:
        """The picture or its link. Raises ProviderError, BadReply or OutcomeUnknown. Pure."""


def parse_json_object(response: httpx.Response) -> JsonObject | None:
    """The body as a JSON object, or None when it is anything else."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def classify_unreadable_body(response: httpx.Response) -> str:
    """The cause to tell of a body that is no JSON object: empty, cut_off or not_json."""
    body = response.content.strip()
    if not body:
        return "empty"
    return "cut_off" if body.startswith(b"{") and not body.endswith(b"}") else "not_json"


def parse_measurements(text: object) -> dict[str, int]:
    """Numbers that an answer gives as ``name=number`` in its free text, such as "angle=41 limit=35"; most give none."""
    pairs = re.findall(r"\b([a-z]{3,12})=(\d{1,9})\b", text[:200]) if isinstance(text, str) else []
    return {name: int(number) for name, number in pairs if name in MEASUREMENT_NAMES}


def build_error_without_code(
    provider: str, response: httpx.Response, cause: str, message: str = "", request_id: str | None = None
) -> DemoError:
    """The error for an answer that names no code: what is left to go by is the status."""
    status = response.status_code
    if status >= 500:
        return OutcomeUnknown(provider=provider, cause="server_error", http_status=status)
    if response.is_success:
        return InvalidResponse(provider=provider, cause=cause)
    if response.is_redirect:  # not followed: it would take key and face to a place that nobody has checked
        return InvalidResponse(provider=provider, cause="redirect", http_status=status)
    return VendorError(provider, str(status), vendor_message=message, http_status=status, request_id=request_id)


# MERGED endpoints/vendor_limits.py: What pictures each vendor takes, from the "image requirements" of its pages.

MEITU = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2 * 1024 * 1024)
AILAB = ImageLimits(  # "larger than 10×10, smaller than 2000×2000"
    min_side_px=11, max_side_px=1999, max_bytes=3 * 1024 * 1024, media_types=("image/jpeg", "image/png", "image/bmp")
)
