"""A fake vendor that quotes the keys it was sent, each time elsewhere or encoded differently; for test_canary_key."""

import base64
import html
import json
import re
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

HOME = "http://vendor.test"
LATIN = "latin-1"

# How a text is written. Base64 begins elsewhere in each of its three.
WRITINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in words": lambda sent: f"the API key {re.split('&?api_key=', sent)[1]} of this request is not valid",
    "percent": lambda sent: quote(sent, safe=""),
    "percent, small": lambda sent: quote(sent, safe="").lower(),
    "percent, twice": lambda sent: quote(quote(sent, safe=""), safe=""),
    "plus": quote_plus,
    "base64": lambda sent: base64.b64encode(sent.encode()).decode(),
    "base64, one later": lambda sent: base64.b64encode(f"?{sent}&n=1".encode()).decode(),
    "base64, two later": lambda sent: base64.urlsafe_b64encode(f"/?{sent}".encode()).decode(),
    "JSON": lambda sent: json.dumps({"query": sent}).replace("/", "\\/"),
    "repr": repr,
    "HTML": html.escape,
    "capitals": str.upper,
    "small letters": str.lower,
    "invisible between": "\u200b".join,
    "behind much": lambda sent: "x" * 1990 + sent + "y" * 100,
}


@dataclass
class Vendor:
    """The vendor on a port of this machine: told by `kind` how to answer, it looks in `keys` for what it was sent."""

    keys: dict[str, tuple[str, ...]]
    picture: bytes
    port: int = 0
    kind: str = ""
    asked: list[str] = field(default_factory=list)

    def answer(self, head: str) -> bytes:
        """The whole answer to a request with that head, as it goes over the wire."""
        path = head.split(" ")[1]
        self.asked.append(path)
        vendor_id = "ailab" if path.startswith("/api/") else "meitu"
        sent = "&".join(f"api_key={key}" for key in self.keys[vendor_id])
        if path.startswith("/results/"):
            return http("200 OK", self.picture)
        return ANSWERS[self.kind](self, vendor_id, sent)


def http(status: str, body: bytes | str = b"", *headers: str) -> bytes:
    """An answer in HTTP; a header goes out as it is given."""
    body = body if isinstance(body, bytes) else body.encode()
    lines = (f"HTTP/1.1 {status}", *headers, f"content-length: {len(body)}", "connection: close", "", "")
    return "\r\n".join(lines).encode(LATIN) + body


def refusal(vendor_id: str, message: str, code: str = "", request_id: str = "req-1") -> bytes:
    """The vendor's own form of saying no."""
    if vendor_id == "meitu":
        body = {"ErrorCode": code or 10000, "ErrorMsg": message, "request_id": request_id}
    else:
        body = {"error_detail": {"code": code or "ERROR_PARAMETERS", "message": message}, "request_id": request_id}
    return http("400 Bad Request", json.dumps(body), "content-type: application/json")


def success(vendor: Vendor, vendor_id: str, link: str = "", request_id: str = "req-1") -> bytes:
    """The vendor's own form of a result."""
    link = link or f"{HOME}/results/1.jpg" if vendor_id == "ailab" or link else ""
    media = link or base64.b64encode(vendor.picture).decode()
    body = {"media_info_list": [{"media_data": media}], "data": {"image_url": media}, "request_id": request_id}
    return http("200 OK", json.dumps(body), "content-type: application/json")


def _key(sent: str) -> str:
    """The last key, which may be of any characters."""
    return sent.rpartition("api_key=")[2]


def _name(sent: str) -> str:
    """The first key, so that it can stand in a name."""
    return quote(re.split("&?api_key=", sent)[1], safe="")


ANSWERS: dict[str, Callable[[Vendor, str, str], bytes]] = {
    **{
        f"message, {name}": (lambda vendor, vendor_id, sent, write=write: refusal(vendor_id, write(sent)))
        for name, write in WRITINGS.items()
    },
    "message that nests": lambda vendor, vendor_id, sent: refusal(vendor_id, json.dumps({"code": 9, "message": sent})),
    "code": lambda vendor, vendor_id, sent: refusal(vendor_id, "no", code=_key(sent)),
    "code in base64": lambda vendor, vendor_id, sent: refusal(vendor_id, "no", code=WRITINGS["base64"](sent)),
    "request id": lambda vendor, vendor_id, sent: refusal(vendor_id, "no", request_id=sent),
    "request id after a tab": lambda vendor, vendor_id, sent: refusal(vendor_id, "no", request_id=f"id\t{_key(sent)}"),
    "request id of a result": lambda vendor, vendor_id, sent: success(vendor, vendor_id, request_id=_key(sent)),
    "headers": lambda vendor, vendor_id, sent: http(
        "400 Bad Request", "{}", f"x-request-id: {_key(sent)}", f"set-cookie: k={_key(sent)}", f"{_name(sent)}: 1"
    ),
    "headers of a result": lambda vendor, vendor_id, sent: success(vendor, vendor_id).replace(
        b"\r\n", f"\r\nx-echo: {sent}\r\n".encode(LATIN), 1
    ),
    "retry-after": lambda vendor, vendor_id, sent: http("429 Slow", "{}", f"retry-after: {_key(sent)}"),
    "packing": lambda vendor, vendor_id, sent: http("200 OK", "{}", f"content-encoding: {_name(sent)}"),
    "reason": lambda vendor, vendor_id, sent: http(f"400 {sent}", "{}"),
    "no HTTP": lambda vendor, vendor_id, sent: f"{sent}\r\n\r\n".encode(LATIN),
    "no header": lambda vendor, vendor_id, sent: http("200 OK", "{}", f"bad header {sent}"),
    "location": lambda vendor, vendor_id, sent: http("307 Elsewhere", "", f"location: /?{quote(sent)}"),
    "location that is none": lambda vendor, vendor_id, sent: http("302 Elsewhere", "", f"location: http://[{sent}"),
    "link": lambda vendor, vendor_id, sent: success(vendor, vendor_id, f"{HOME}/results/{quote(sent, safe='')}/x.jpg"),
    "link elsewhere": lambda vendor, vendor_id, sent: success(
        vendor, vendor_id, f"https://{_name(sent)}.example/x.jpg"
    ),
    "link to a long name": lambda vendor, vendor_id, sent: success(
        vendor, vendor_id, f"https://{_name(sent)}.{'x' * 60}.example/x.jpg"
    ),
    "link that is none": lambda vendor, vendor_id, sent: success(vendor, vendor_id, f"https://[{sent}]/"),
    "link that has run out": lambda vendor, vendor_id, sent: success(vendor, vendor_id, f"{HOME}/gone/{_name(sent)}"),
    "page": lambda vendor, vendor_id, sent: http("502 Bad Gateway", f"<h1>upstream /?{html.escape(sent)}</h1>"),
    "page of a success": lambda vendor, vendor_id, sent: http("200 OK", f"<h1>{sent}</h1>", "content-type: text/html"),
    "half of an answer": lambda vendor, vendor_id, sent: refusal(vendor_id, sent)[:-20],
    "result": lambda vendor, vendor_id, sent: success(vendor, vendor_id),
}


@contextmanager
def quoting(keys: dict[str, tuple[str, ...]], picture: bytes) -> Iterator[Vendor]:
    """The vendor, while the block runs."""
    vendor = Vendor(keys, picture)

    class Answer(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = "".join(iter(lambda: self.rfile.readline().decode(LATIN).replace("\r\n", "\n"), "\n"))
            length = next(
                (int(line[15:]) for line in head.lower().splitlines() if line.startswith("content-length:")), 0
            )
            self.rfile.read(length)
            self.wfile.write(vendor.answer(head))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        vendor.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield vendor
        finally:
            server.shutdown()
            thread.join()
