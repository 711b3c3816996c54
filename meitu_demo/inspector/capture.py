"""A request or an answer of httpx's as it can be shown: keys by their names, pictures by their beginning and size.

What is left out here is in no trace. Blocks for as long as it takes to read a body: for a worker thread.
"""

import json
import re
from typing import Any

import httpx

from ..imaging.gate import format_file_size
from ..spec import Route
from .keys import IN_QUERY, Redactor
from .trace import Shown

HEAD = 24  # characters shown of a picture's base64
LONGEST_TEXT, LONGEST_BODY = 400, 12_000  # characters shown of one text in JSON, and of a whole body
LEAVES, DEPTH = 300, 12  # values shown of JSON, and how deep
DATA = re.compile(r"[A-Za-z0-9+/_-]{65,}")  # in one piece: no words, but what becomes of bytes as text
SAID = (  # headers of an answer that tell something; there are many more, of proxies and trackers
    "content-type", "content-length", "content-encoding", "date", "location", "retry-after", "server", "x-request-id",
)  # fmt: skip
RATES = ("x-ratelimit-", "ratelimit-")


def capture_request(request: httpx.Request, route: Route) -> Shown:
    """`request`, whose body has been read, as `route` sends it."""
    redactor = Redactor(route)
    url = request.url
    query = "&".join(f"{name}={_query_value(redactor, name, value)}" for name, value in url.params.multi_items())
    place = redactor.text(f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}", LONGEST_TEXT, links=False)
    headers = tuple((name, redactor.header(name, value)) for name, value in request.headers.items())
    _, form, boundary = request.headers.get("content-type", "").partition("boundary=")
    body = _form(request.content, boundary, redactor) if form else _body(request.content, redactor)
    return Shown(f"{request.method} {place}{f'?{query}' if query else ''}", headers, body, len(request.content))


def capture_response(response: httpx.Response, route: Route) -> Shown:
    """`response`, whose body has been read, to a request by `route`."""
    redactor = Redactor(route)
    kept = [(name, value) for name, value in response.headers.items() if name in SAID or name.startswith(RATES)]
    length = response.headers.get("content-length", "")  # of what came, where that was packed
    size = int(length) if length.isdecimal() and len(length) < 12 else len(response.content)
    return Shown(
        f"HTTP {response.status_code} {redactor.text(response.reason_phrase, 40)}".strip(),
        tuple((name, redactor.header(name, value)) for name, value in kept[:20]),
        _body(response.content, redactor),
        size,
    )


def _query_value(redactor: Redactor, name: str, value: str) -> str:
    stands = redactor.names.get(name)
    return f"${stands}" if stands else "…" if name in IN_QUERY else redactor.text(value, LONGEST_TEXT)


def _body(content: bytes, redactor: Redactor) -> str:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return _text(content, redactor)
    shown = json.dumps(_Brief(redactor).of(document), ensure_ascii=False, indent=2)
    return redactor.text(shown, LONGEST_BODY) + (_size(len(shown)) if len(shown) > LONGEST_BODY else "")


def _text(content: bytes, redactor: Redactor) -> str:
    """What is no JSON: the beginning of a text, as far as it is one; of anything else nothing but the size."""
    if b"\0" in content[:1000] or content.startswith((b"\xff\xd8", b"\x89P", b"\x1f\x8b")):
        return _size(len(content))
    text = redactor.text(content[: 4 * LONGEST_BODY].decode("utf-8", "replace"), LONGEST_BODY)
    data = DATA.search(text)
    kept = text[: data.start() + HEAD] if data else text
    return kept + (_size(len(content)) if data or len(content) > LONGEST_BODY else "")


def _form(content: bytes, boundary: str, redactor: Redactor) -> str:
    """A form part by part; of a file its size."""
    shown = []
    for part in content.split(f"--{boundary}".encode("latin-1"))[1:-1]:
        head, _, value = part.strip(b"\r\n").partition(b"\r\n\r\n")
        heading = redactor.text(head.decode("utf-8", "replace").replace("\r\n", "\n"), LONGEST_TEXT)
        text = redactor.text(value.decode("utf-8", "replace"), LONGEST_TEXT) if b"filename=" not in head else ""
        shown.append(f"--{boundary}\n{heading}\n\n{text or _size(len(value))}")
    return "\n".join([*shown, f"--{boundary}--"])


class _Brief:
    """JSON with long texts shortened, and no more of it than somebody would read."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._left = LEAVES

    def of(self, value: Any, depth: int = 0) -> Any:
        self._left -= 1
        if self._left < 0 or depth > DEPTH:
            return "…"
        if isinstance(value, dict):
            return {self._string(name): self.of(value[name], depth + 1) for name in list(value)[: self._left + 1]}
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value[: self._left + 1]]
        return self._string(value) if isinstance(value, str) else value

    def _string(self, text: str) -> str:
        if len(text) > LONGEST_TEXT or DATA.fullmatch(text):
            if DATA.search(text[:LONGEST_TEXT]):
                return _head(text, self._redactor)
            return f"{self._redactor.text(text, LONGEST_TEXT)}{_size(len(text))}"
        return self._redactor.text(text, LONGEST_TEXT)


def _head(text: str, redactor: Redactor) -> str:
    return f"{redactor.text(text, HEAD)}{_size(len(text))}"


def _size(count: int) -> str:
    return f"… ({format_file_size(count)})"
