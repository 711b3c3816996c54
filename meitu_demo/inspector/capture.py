"""A request or an answer of httpx's as it can be shown: keys by their names, pictures by their beginning and size.

What is left out here is in no trace. Blocks for as long as it takes to read a body: for a worker thread.
"""

import json
import re
from typing import Any

import httpx

from ..domain.model import CallTarget
from ..photos.safe_open import format_file_size
from .credentials_filter import KEY_QUERY_PARAMS, Redactor
from .trace import CapturedMessage

MAX_BASE64_CHARS = 24  # characters shown of a picture's base64
MAX_TEXT_CHARS, MAX_BODY_CHARS = 400, 12_000  # characters shown of one text in JSON, and of a whole body
MAX_JSON_VALUES, MAX_JSON_DEPTH = 300, 12  # values shown of JSON, and how deep
ENCODED_DATA_PATTERN = re.compile(r"[A-Za-z0-9+/_-]{65,}")  # in one piece: no words, but what becomes of bytes as text
RESPONSE_HEADERS = (  # headers of an answer that tell something; there are many more, of proxies and trackers
    "content-type", "content-length", "content-encoding", "date", "location", "retry-after", "server", "x-request-id",
)  # fmt: skip
RATE_LIMIT_HEADER_PREFIXES = ("x-ratelimit-", "ratelimit-")


def capture_request(request: httpx.Request, target: CallTarget) -> CapturedMessage:
    """`request`, whose body has been read, as `route` sends it."""
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
    """`response`, whose body has been read, to a request by `route`."""
    redactor = Redactor(target)
    selected = [
        (name, value)
        for name, value in response.headers.items()
        if name in RESPONSE_HEADERS or name.startswith(RATE_LIMIT_HEADER_PREFIXES)
    ]
    length = response.headers.get("content-length", "")  # of what came, where that was packed
    size = int(length) if length.isdecimal() and len(length) < 12 else len(response.content)
    return CapturedMessage(
        f"HTTP {response.status_code} {redactor.redact_text(response.reason_phrase, 40)}".strip(),
        tuple((name, redactor.redact_header(name, value)) for name, value in selected[:20]),
        _render_body(response.content, redactor),
        size,
    )


def _redact_query_value(redactor: Redactor, name: str, value: str) -> str:
    variable = redactor.variables.get(name)
    return (
        f"${variable}" if variable else "…" if name in KEY_QUERY_PARAMS else redactor.redact_text(value, MAX_TEXT_CHARS)
    )


def _render_body(content: bytes, redactor: Redactor) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _render_text(content, redactor)
    rendered = json.dumps(_JsonTruncator(redactor).truncate(document), ensure_ascii=False, indent=2)
    return redactor.redact_text(rendered, MAX_BODY_CHARS) + (
        _format_size(len(rendered)) if len(rendered) > MAX_BODY_CHARS else ""
    )


def _render_text(content: bytes, redactor: Redactor) -> str:
    """What is no JSON: the beginning of a text, as far as it is one; of anything else nothing but the size."""
    if b"\0" in content[:1000] or content.startswith((b"\xff\xd8", b"\x89P", b"\x1f\x8b")):
        return _format_size(len(content))
    text = redactor.redact_text(content[: 4 * MAX_BODY_CHARS].decode("utf-8", "replace"), MAX_BODY_CHARS)
    encoded = ENCODED_DATA_PATTERN.search(text)
    visible = text[: encoded.start() + MAX_BASE64_CHARS] if encoded else text
    return visible + (_format_size(len(content)) if encoded or len(content) > MAX_BODY_CHARS else "")


def _render_form(content: bytes, boundary: str, redactor: Redactor) -> str:
    """A form part by part; of a file its size."""
    parts = []
    for part in content.split(f"--{boundary}".encode("latin-1"))[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        heading = redactor.redact_text(head.decode("utf-8", "replace").replace("\r\n", "\n"), MAX_TEXT_CHARS)
        text = (
            redactor.redact_text(value.decode("utf-8", "replace"), MAX_TEXT_CHARS) if b"filename=" not in head else ""
        )
        parts.append(f"--{boundary}\n{heading}\n\n{text or _format_size(len(value))}")
    return "\n".join([*parts, f"--{boundary}--"])


class _JsonTruncator:
    """JSON with long texts shortened, and no more of it than somebody would read."""

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
        if len(text) > MAX_TEXT_CHARS or ENCODED_DATA_PATTERN.fullmatch(text):
            if ENCODED_DATA_PATTERN.search(text[:MAX_TEXT_CHARS]):
                return _render_prefix(text, self._redactor)
            return f"{self._redactor.redact_text(text, MAX_TEXT_CHARS)}{_format_size(len(text))}"
        return self._redactor.redact_text(text, MAX_TEXT_CHARS)


def _render_prefix(text: str, redactor: Redactor) -> str:
    return f"{redactor.redact_text(text, MAX_BASE64_CHARS)}{_format_size(len(text))}"


def _format_size(count: int) -> str:
    return f"… ({format_file_size(count)})"
