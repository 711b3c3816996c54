"""Renders httpx requests and responses as text: keys become variable names, pictures their first characters and size.

Both functions parse whole bodies and block: call them in a worker thread.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import httpx

from ..domain.model import CallTarget
from ..photos.safe_open import format_file_size
from .credentials_filter import KEY_QUERY_PARAMS, Redactor

MAX_BASE64_CHARS = 24
MAX_TEXT_CHARS, MAX_BODY_CHARS = 400, 12_000  # of one text in JSON, and of a whole body
MAX_JSON_VALUES, MAX_JSON_DEPTH = 300, 12
ENCODED_DATA_PATTERN = re.compile(r"[A-Za-z0-9+/_-]{65,}")  # too long for a word: base64 or the like
RESPONSE_HEADERS = (  # without those of proxies and trackers
    "content-type", "content-length", "content-encoding", "date", "location", "retry-after", "server", "x-request-id",
)  # fmt: skip
RATE_LIMIT_HEADER_PREFIXES = ("x-ratelimit-", "ratelimit-")


@dataclass(frozen=True, slots=True)
class CapturedMessage:
    """A request or response to display. size: bytes of the body as transferred."""

    start_line: str
    headers: tuple[tuple[str, str], ...]
    body: str
    size: int


def capture_request(request: httpx.Request, target: CallTarget) -> CapturedMessage:
    """Capture a request to `target`. Its body must have been read."""
    redactor = Redactor(target)
    url = request.url
    query = "&".join(f"{name}={_redact_query_value(redactor, name, value)}" for name, value in url.params.multi_items())
    redacted_url = redactor.redact_text(
        f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}", MAX_TEXT_CHARS, shorten_links=False
    )
    headers = tuple((name, redactor.redact_header(name, value)) for name, value in request.headers.items())
    _, form, boundary = request.headers.get("content-type", "").partition("boundary=")
    body = _render_form(request.content, boundary, redactor) if form else _render_body(request.content, redactor)
    return CapturedMessage(
        f"{request.method} {redacted_url}{f'?{query}' if query else ''}", headers, body, len(request.content)
    )


def capture_response(response: httpx.Response, target: CallTarget) -> CapturedMessage:
    """Capture a response from `target`. Its body must have been read."""
    redactor = Redactor(target)
    selected = [
        (name, value)
        for name, value in response.headers.items()
        if name in RESPONSE_HEADERS or name.startswith(RATE_LIMIT_HEADER_PREFIXES)
    ]
    length = response.headers.get("content-length", "")  # as transferred, possibly compressed
    size = int(length) if length.isdecimal() and len(length) < 12 else len(response.content)
    return CapturedMessage(
        f"HTTP {response.status_code} {redactor.redact_text(response.reason_phrase, 40)}".strip(),
        tuple((name, redactor.redact_header(name, value)) for name, value in selected[:20]),
        _render_body(response.content, redactor),
        size,
    )


def _redact_query_value(redactor: Redactor, name: str, value: str) -> str:
    if variable := redactor.variables.get(name):
        return f"${variable}"
    return "…" if name in KEY_QUERY_PARAMS else redactor.redact_text(value, MAX_TEXT_CHARS)


def _render_body(content: bytes, redactor: Redactor) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _render_text(content, redactor)
    rendered = json.dumps(_JsonTruncator(redactor).truncate(document), ensure_ascii=False, indent=2)
    suffix = _format_size(len(rendered)) if len(rendered) > MAX_BODY_CHARS else ""
    return redactor.redact_text(rendered, MAX_BODY_CHARS) + suffix


def _render_text(content: bytes, redactor: Redactor) -> str:
    """Render a body that is not JSON: text up to its first encoded data; of a binary body only the size."""
    if b"\0" in content[:1000] or content.startswith((b"\xff\xd8", b"\x89P", b"\x1f\x8b")):
        return _format_size(len(content))
    text = redactor.redact_text(content[: 4 * MAX_BODY_CHARS].decode("utf-8", "replace"), MAX_BODY_CHARS)
    encoded = ENCODED_DATA_PATTERN.search(text)
    visible = text[: encoded.start() + MAX_BASE64_CHARS] if encoded else text
    return visible + (_format_size(len(content)) if encoded or len(content) > MAX_BODY_CHARS else "")


def _render_form(content: bytes, boundary: str, redactor: Redactor) -> str:
    """The parts of a multipart form; a file is replaced by its size."""
    parts = []
    for part in content.split(f"--{boundary}".encode("latin-1"))[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        heading = redactor.redact_text(head.decode("utf-8", "replace").replace("\r\n", "\n"), MAX_TEXT_CHARS)
        is_file = b"filename=" in head
        text = "" if is_file else redactor.redact_text(value.decode("utf-8", "replace"), MAX_TEXT_CHARS)
        parts.append(f"--{boundary}\n{heading}\n\n{text or _format_size(len(value))}")
    return "\n".join([*parts, f"--{boundary}--"])


class _JsonTruncator:
    """Shortens long texts in a JSON document and limits its number of values and its depth."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._remaining = MAX_JSON_VALUES

    def truncate(self, value: Any, depth: int = 0) -> Any:
        self._remaining -= 1
        if self._remaining < 0 or depth > MAX_JSON_DEPTH:
            return "…"
        if isinstance(value, dict):
            return {
                self._truncate_string(name): self.truncate(value[name], depth + 1)
                for name in list(value)[: self._remaining + 1]
            }
        if isinstance(value, list):
            return [self.truncate(item, depth + 1) for item in value[: self._remaining + 1]]
        return self._truncate_string(value) if isinstance(value, str) else value

    def _truncate_string(self, text: str) -> str:
        if len(text) <= MAX_TEXT_CHARS and not ENCODED_DATA_PATTERN.fullmatch(text):
            return self._redactor.redact_text(text, MAX_TEXT_CHARS)
        is_encoded = ENCODED_DATA_PATTERN.search(text[:MAX_TEXT_CHARS])
        visible = self._redactor.redact_text(text, MAX_BASE64_CHARS if is_encoded else MAX_TEXT_CHARS)
        return visible + _format_size(len(text))


def _format_size(count: int) -> str:
    return f"… ({format_file_size(count)})"
