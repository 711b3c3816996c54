"""Origin and host check: refuses cross-site requests (CSRF), DNS rebinding and untrusted forwarded headers.

Gradio builds the page's URLs from forwarded headers and, unless the host is localhost, lets any origin read all
responses, that of the login included. Here forwarded headers are accepted only from a trusted proxy, and only the
demo's own page may send requests that change something.
"""

import re
from collections.abc import Sequence
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ...settings import Network

FORWARDED_HEADERS = (b"x-forwarded-host", b"x-gradio-server")
HOST_PATTERN = re.compile(r"([A-Za-z0-9.-]+|\[?[0-9A-Fa-f:.]+\]?)(?::[0-9]{1,5})?", re.ASCII)
UNKNOWN_HOST_MESSAGE = (
    "The demo listens on this machine alone and does not know that name. If a proxy stands before it, name the proxy's "
    "address in TRUSTED_PROXIES."
)
CROSS_SITE_MESSAGE = "Only the demo's own page may do this."


class OriginCheckMiddleware:
    """ASGI middleware. is_loopback_only: the server listens on loopback, so every other host name is refused (421)."""

    def __init__(
        self, app: ASGIApp, *, trusted_proxies: Sequence[Network], is_hf_space: bool, is_loopback_only: bool
    ) -> None:
        self.app = app
        self._trusted_proxies = trusted_proxies
        self._is_hf_space = is_hf_space
        self._is_loopback_only = is_loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 403 or 421."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._is_trusted_proxy(scope):
            if headers.get("x-forwarded-proto", "").split(",")[0].strip() == "https":
                scope["scheme"] = "https"
        else:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in FORWARDED_HEADERS]
            # DNS rebinding: to the browser, a foreign page whose name resolves to this machine is this page.
            if self._is_loopback_only and not is_loopback_host_header(headers.get("host", "")):
                await PlainTextResponse(UNKNOWN_HOST_MESSAGE, 421)(scope, receive, send)
                return
        # CSRF: foreign forms and scripts can post without a preflight; browsers say where a request comes from.
        fetch_site = headers.get("sec-fetch-site", "none")
        if fetch_site not in ("same-origin", "none") and scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse(CROSS_SITE_MESSAGE, 403)(scope, receive, send)
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


def is_loopback_host_header(host: str) -> bool:
    """Whether `host`, a Host header with or without port, is localhost or a loopback address."""
    match = HOST_PATTERN.fullmatch(host)
    try:
        return match is not None and (match[1].lower() == "localhost" or ip_address(match[1].strip("[]")).is_loopback)
    except ValueError:
        return False
