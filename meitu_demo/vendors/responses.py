"""What both vendors' parsers share: JSON bodies, measurements in free text, and errors without a code."""

import json
import re
from typing import Any

import httpx

from ..domain.errors import DemoError, InvalidResponse, OutcomeUnknown, VendorError

JsonObject = dict[str, Any]
MEASUREMENT_NAMES = ("angle", "limit", "side", "share", "width", "height", "bytes")


def parse_json_object(response: httpx.Response) -> JsonObject | None:
    """The body as a JSON object; None if it is anything else."""
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def classify_unreadable_body(response: httpx.Response) -> str:
    """Why a body is not a JSON object: empty, cut_off or not_json."""
    body = response.content.strip()
    if not body:
        return "empty"
    return "cut_off" if body.startswith(b"{") and not body.endswith(b"}") else "not_json"


def parse_measurements(text: object) -> dict[str, int]:
    """Numbers written as ``name=number`` in a reply's free text, such as "angle=41 limit=35"; {} for most replies."""
    pairs = re.findall(r"\b([a-z]{3,12})=(\d{1,9})\b", text[:200]) if isinstance(text, str) else []
    return {name: int(number) for name, number in pairs if name in MEASUREMENT_NAMES}


def build_error_without_code(
    provider: str, response: httpx.Response, cause: str, message: str = "", request_id: str | None = None
) -> DemoError:
    """The error for a reply without a code, by its HTTP status."""
    status = response.status_code
    if status >= 500:
        return OutcomeUnknown(provider=provider, cause="server_error", http_status=status)
    if response.is_success:
        return InvalidResponse(provider=provider, cause=cause)
    if response.is_redirect:  # not followed, because key and photo would go to an unchecked host
        return InvalidResponse(provider=provider, cause="redirect", http_status=status)
    return VendorError(provider, str(status), vendor_message=message, http_status=status, request_id=request_id)
