"""What both vendors' parsers share: JSON bodies, free text, measurements in it, and the error for a failed answer."""

import json
import re
from typing import Any

import httpx

from ..domain.errors import DemoError, InvalidResponse, OutcomeUnknown, VendorError
from ..domain.vendor_codes import find_named_code, find_vendor_code, match_text_slug

JsonObject = dict[str, Any]
MAX_TEXT_BYTES = 6000  # of a text that is kept
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


def read_plain_text(response: httpx.Response) -> str:
    """The beginning of a body that is neither a web page nor JSON, as text; else ""."""
    text = response.content[:MAX_TEXT_BYTES].decode("utf-8", "replace").strip()  # whatever charset is declared
    return "" if is_web_page(response) or text.startswith(("{", "[")) else text


def is_web_page(response: httpx.Response) -> bool:
    """Whether the body is HTML, which firewalls and proxies send and these vendors do not."""
    return response.content.lstrip()[:1] == b"<" or "text/html" in response.headers.get("content-type", "").lower()


def to_detail(value: object) -> str:
    """A field of free form as short text: text as it is, an object as JSON, "" for nothing."""
    if isinstance(value, dict | list) and value:
        value = json.dumps(value, ensure_ascii=False, default=str)
    return value.strip()[:MAX_TEXT_BYTES] if isinstance(value, str) else ""


def build_error(
    vendor_id: str,
    response: httpx.Response,
    cause: str,
    *,
    code: str = "",
    message: str = "",
    status: int | None = None,
    **facts: object,
) -> DemoError:
    """The error for an answer without a result: by its code, by what its text says, else by its status.

    cause: of an answer that claims success. status: the HTTP status, unless the body has another. facts: request_id,
    log_id, vendor_detail and measurements; empty ones are dropped.
    """
    status = status or response.status_code
    facts = {name: value for name, value in facts.items() if value not in (None, "")}
    texts = f"{message}\n{facts.get('vendor_detail', '')}"
    named = None if code else find_named_code(vendor_id, texts)
    code = named.code if named else code
    if not code and match_text_slug(vendor_id, texts):
        code = str(status)
    if not code and status >= 500:
        if message:
            facts["vendor_message"] = message
        return OutcomeUnknown(vendor=vendor_id, cause="server_error", http_status=status, **facts)
    if not code and status < 300:
        return InvalidResponse(vendor=vendor_id, cause=cause, **facts)
    if not code and response.is_redirect:  # not followed, because key and photo would go to an unchecked host
        return InvalidResponse(vendor=vendor_id, cause="redirect", http_status=status, **facts)
    if not code and is_web_page(response) and find_vendor_code(vendor_id, f"HTML_{status}"):
        code = f"HTML_{status}"
    return VendorError(
        vendor_id,
        code or str(status),
        vendor_message=message,
        http_status=response.status_code,
        **facts,  # type: ignore[arg-type]
    )
