"""Origin and host check: refuses cross-site requests (CSRF), DNS rebinding and untrusted forwarded headers.

Gradio builds the page's URLs from forwarded headers and, unless the host is localhost, lets any origin read all
responses, that of the login included. Here forwarded headers are accepted only from a trusted proxy, and a request that
names its origin is answered only if that is the demo's own page.

X-Forwarded-For becomes one line: a proxy may add a line of its own below one that the visitor forged.
"""

import re
from collections.abc import Collection, Sequence
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ...domain.translations import match_language, translate
from ...settings import Network

FORWARDED_HEADERS = (b"x-forwarded-host", b"x-gradio-server")
HOST_PATTERN = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", re.ASCII)
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
MCP_PATH = "/mcp"
UNSAFE_READS = ("/logout", "/logout/")  # a GET that changes something


class OriginCheckMiddleware:
    """ASGI middleware. Answers 421 to an unknown host name and 403 to another site's page.

    allowed_hosts: names in lower case; loopback names and IP addresses, which cannot be rebound, are always known.
    trusted_proxies: peers whose Host and X-Forwarded-Host are believed; on a Space (is_hf_space) every peer's are.
    """

    def __init__(
        self, app: ASGIApp, *, trusted_proxies: Sequence[Network], is_hf_space: bool, allowed_hosts: Collection[str]
    ) -> None:
        self.app = app
        self._trusted_proxies = trusted_proxies
        self._is_hf_space = is_hf_space
        self._allowed_hosts = {"localhost", *allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if len(hops := headers.getlist("x-forwarded-for")) > 1:
            others = [pair for pair in scope["headers"] if pair[0] != b"x-forwarded-for"]
            scope["headers"] = [*others, (b"x-forwarded-for", ",".join(hops).encode("latin-1"))]
        host = headers.get("host", "")
        if self._is_trusted_proxy(scope):
            host = _first(headers.get("x-forwarded-host", "")) or host
            scheme = _first(headers.get("x-forwarded-proto", ""))
            if scheme == "https":
                scope["scheme"] = "https"
            schemes = [scheme] if scheme in DEFAULT_PORTS else list(DEFAULT_PORTS)  # some proxies do not say it
        else:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in FORWARDED_HEADERS]
            # DNS rebinding: to the browser, a foreign page whose name resolves to this machine is this page.
            if not self._is_known_host(host):
                await _refuse(scope, headers, "page.unknown_host", 421)(scope, receive, send)
                return
            schemes = [scope["scheme"]]
        if _is_cross_site(scope, headers, {_origin(scheme, host) for scheme in schemes}):
            await _refuse(scope, headers, "page.foreign_origin", 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_trusted_proxy(self, scope: Scope) -> bool:
        if self._is_hf_space or not scope.get("client"):
            return self._is_hf_space
        try:
            peer_address = ip_address(scope["client"][0])
        except ValueError:
            return False
        return any(peer_address in network for network in self._trusted_proxies)

    def _is_known_host(self, host: str) -> bool:
        match = HOST_PATTERN.fullmatch(host)
        try:
            name = match[1].lower() if match else ""
            return name in self._allowed_hosts or bool(ip_address(name.strip("[]")))
        except ValueError:
            return False


def _is_cross_site(scope: Scope, headers: Headers, own_origins: Collection[str]) -> bool:
    """Whether another site's page sent the request (CSRF): foreign forms and scripts can post without a preflight.

    Every browser sends Origin with what is not a GET or HEAD, and "null" from a page that hides where it is. Over https
    and on loopback it also sends Sec-Fetch-Site. Programs send neither.
    """
    if any(_normalize_origin(origin) not in own_origins for origin in headers.getlist("origin")):
        return True
    is_read = scope["method"] in ("GET", "HEAD") and scope["path"] not in UNSAFE_READS
    return not is_read and headers.get("sec-fetch-site", "none") not in ("same-origin", "none")


def _normalize_origin(origin: str) -> str:
    scheme, _, host = origin.partition("://")
    return _origin(scheme.lower(), host)


def _origin(scheme: str, host: str) -> str:
    """`host`, a name or address with or without port, as an origin; without the scheme's default port."""
    return f"{scheme}://{host.lower().removesuffix(DEFAULT_PORTS.get(scheme, ''))}"


def _first(values: str) -> str:
    """The first of a header's values: what the proxy next to the visitor wrote. Gradio takes the same."""
    return values.partition(",")[0].strip()


def _refuse(scope: Scope, headers: Headers, key: str, status: int) -> Response:
    """At /mcp a JSON-RPC error without an id, as MCP's specification has it for a foreign Origin."""
    if scope["path"] == MCP_PATH:
        error = {"code": -32600, "message": translate(key, "en")}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, status)
    return PlainTextResponse(translate(key, match_language(headers.get("accept-language"))), status)
