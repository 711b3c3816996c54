"""A vendor on this machine that records each request as it came, and answers as it is told."""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from . import photos
from .plain import base64_picture, digest, picture, plain

KEYS = {"MEITU_API_KEY": "key-of-meitu", "MEITU_API_SECRET": "secret-of-meitu"}
AILAB_KEY = {"AILAB_API_KEY": "key-of-ailab"}
MARKET_KEY = {"RAPIDAPI_KEY": "key-of-market", "RAPIDAPI_HOST": "market.example"}
JSON = {"content-type": "application/json"}


@dataclass
class Answer:
    """What to answer. end: "" in order, "close" before any byte, "cut" in the middle, "hold" until `release` is set."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: JSON)
    end: str = ""


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON."""
    return Answer(status, json.dumps(value).encode(), {**JSON, **headers})


class Vendor:
    """answer: what comes back for the next requests; None: what a vendor in good health answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answer: Answer | None = None
        self.arrived, self.release = threading.Event(), threading.Event()
        self._requests: list[dict[str, Any]] = []
        self._photo = photos.encoded(photos.astronaut())

    def taken(self) -> list[dict[str, Any]]:
        """The requests since the last time."""
        found, self._requests = self._requests, []
        return found

    def reply(self, handler: BaseHTTPRequestHandler, data: bytes) -> Answer:
        """Record the request, unless it is for a result's link, and find its answer."""
        if handler.path.endswith("/result.jpg"):
            return Answer(200, self._photo, {"content-type": "image/jpeg"})
        self._requests.append(_told(handler, data))
        self.arrived.set()
        if self.answer:
            return self.answer
        if "tidyup" in handler.path:
            link = {"image_url": f"{self.url}/result.jpg"}
            return as_json({"request_id": "ailab-1", "log_id": "log-1", "error_code": 0, "error_msg": "", "data": link})
        media = {"media_data": base64.b64encode(self._photo).decode(), "media_profiles": {"media_data_type": "jpg"}}
        return as_json({"parameter": {"version": "1.0.0"}, "media_info_list": [media], "request_id": "meitu-1"})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    vendor: Vendor

    def handle_error(self, *of: object) -> None:
        """A client that has left is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", "0")))
        answer = self.server.vendor.reply(self, data)
        self.close_connection = True
        if answer.end == "hold":
            self.server.vendor.release.wait(30)
        if answer.end in ("hold", "close"):
            return
        self.send_response_only(answer.status)
        for name, value in {"content-length": str(len(answer.body)), "connection": "close", **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: len(answer.body) // 2] if answer.end == "cut" else answer.body)

    do_GET = do_POST  # noqa: N815

    def log_message(self, *of: object) -> None:
        """Nothing is printed."""


@contextmanager
def recording_vendor() -> Iterator[Vendor]:
    """One that is in good health until it is told otherwise."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.vendor = Vendor(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.vendor
    finally:
        server.vendor.release.set()
        server.shutdown()
        server.server_close()


def _told(handler: BaseHTTPRequestHandler, data: bytes) -> dict[str, Any]:
    boundary = re.search(r"boundary=(\S+)", handler.headers.get("content-type", ""))
    secret = {key: name for name, key in {**KEYS, **AILAB_KEY, **MARKET_KEY}.items() if name != "RAPIDAPI_HOST"}
    secret |= {boundary[1]: "BOUNDARY"} if boundary else {}

    def clear(text: str | bytes) -> str:
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        for key, name in secret.items():
            text = text.replace(key, name)
        return plain(text)

    return {
        "line": clear(f"{handler.command} {handler.path} {handler.request_version}"),
        "headers": [clear(f"{name}: {value}") for name, value in handler.headers.items() if name.lower() != "host"],
        "body": _body(data, boundary[1].encode() if boundary else None, clear),
    }


def _body(data: bytes, boundary: bytes | None, clear: Callable[[str | bytes], str]) -> list[str]:
    """As it came, with pictures as digests of pixels and file."""
    if boundary is None:
        parts = re.split(r'"([A-Za-z0-9+/=]{200,})"', data.decode("utf-8", "replace"))
        return [f"{base64_picture(part)} text {digest(part)}" if number % 2 else clear(part)
                for number, part in enumerate(parts)]  # fmt: skip
    found = []
    for part in data.split(b"--" + boundary):
        head, _, inner = part.partition(b"\r\n\r\n")
        inner = inner.removesuffix(b"\r\n")
        shown = picture(inner)
        found += [clear(head), f"{shown} file {digest(inner)}" if shown else clear(inner)]
    return found
