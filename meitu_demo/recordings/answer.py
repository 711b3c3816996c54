"""What is kept of an answer, and what the client's codec reads in it.

Everything blocks: call it from a worker thread.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import httpx

from ..domain.billing import classify_billing
from ..domain.errors import DemoError, VendorError
from ..domain.model import CallTarget, ResultLink
from ..domain.vendor_codes import interpret_vendor_error
from ..inspector.credentials_filter import Redactor
from ..redaction.secrets import redact
from ..vendors import VENDORS
from .recording import Recording

BASE64_PATTERN = re.compile(r"[A-Za-z0-9+/=\s]*", re.ASCII)
READABLE_PATTERN = re.compile(rb"[\x20-\x7e]{6,}")  # of a picture: its metadata, and a few of its pixels by chance
KEPT_HEADERS = ("content-type", "retry-after", "x-request-id")


def strip_answer(response: httpx.Response, target: CallTarget, link: str, replacement: str) -> httpx.Response:
    """`response` to a call to `target` without keys and links; byte for byte the same if it has none.

    link: the URL of the result, which becomes `replacement`; "" without one.
    """
    redactor = Redactor(target)
    headers = {
        name: redactor.redact_header(name, response.headers[name]) for name in KEPT_HEADERS if name in response.headers
    }
    return httpx.Response(
        response.status_code, headers=headers, content=_strip_body(response.content, redactor, link, replacement)
    )


def _strip_body(body: bytes, redactor: Redactor, link: str, replacement: str) -> bytes:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {strip(name): strip(member) for name, member in value.items()}
        if isinstance(value, list):
            return [strip(member) for member in value]
        if not isinstance(value, str):
            return value
        if link and value.strip() == link:
            return replacement
        if BASE64_PATTERN.fullmatch(value):  # a picture: no link and no key's name is written in these letters alone
            return redact(value)
        return redactor.redact_text(value, len(value))

    try:
        document = json.loads(body)
        stripped = strip(document)
    except (ValueError, RecursionError):
        text = body.decode("utf-8", "replace")
        stripped_text = redactor.redact_text(text, len(text))
        return body if stripped_text == text else stripped_text.encode("utf-8", "replace")
    return body if stripped == document else json.dumps(stripped).encode("ascii")


def read_answer(vendor_id: str, response: httpx.Response) -> dict[str, str]:
    """What today's client reads in `response`: its outcome and its facts.

    outcome: "picture", "link", or the name of the error. A picture or link is named by its SHA-256. Never raises.
    """
    try:
        parsed = VENDORS[vendor_id].parse(response)
    except Exception as error:  # a codec that breaks on a recording reads it differently, too
        return {"outcome": type(error).__name__, **(_read_error(error) if isinstance(error, DemoError) else {})}
    is_link = isinstance(parsed.media, ResultLink)
    media = parsed.media.url.encode("utf-8", "replace") if isinstance(parsed.media, ResultLink) else parsed.media
    return {
        "outcome": "link" if is_link else "picture",
        "sha256": sha256(media).hexdigest(),
        "request_id": parsed.request_id or "",
    }


def _read_error(error: DemoError) -> dict[str, str]:
    known = interpret_vendor_error(error) if isinstance(error, VendorError) else None
    facts = {name: str(value) for name, value in error.facts.items() if value not in (None, "")}
    return {"slug": known.slug if known else error.slug, "billing": str(classify_billing(error)), **facts}


def build_response(recording: Recording) -> httpx.Response:
    """The recorded answer, as the client's codec takes it."""
    return httpx.Response(recording.status, headers=dict(recording.headers), content=recording.body)


def strip_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values to show in a list; a key may have been typed into one."""
    return {name: redact(value) if isinstance(value, str) else value for name, value in values.items()}


def contains_secret(data: bytes) -> bool:
    """Whether a picture holds a secret of this process, such as in its metadata."""
    text = b"\n".join(READABLE_PATTERN.findall(data)).decode("ascii")
    return redact(text) != text
