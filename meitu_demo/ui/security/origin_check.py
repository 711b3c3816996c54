"""Whose page may speak to this server, and under which name. Only `ui/app.py` may import it.

Gradio builds every address of its page from what a request says of itself, and of a server that is not called
localhost it lets any other page read all answers, login included. Here a request's claims are believed only of a proxy
that the owner has named, and no page but our own is answered.
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
    """ASGI middleware. loopback: the server listens on this machine alone, so it knows all of its names."""

    def __init__(
        self, app: ASGIApp, *, trusted_proxies: Sequence[Network], is_hf_space: bool, is_loopback_only: bool
    ) -> None:
        self.app = app
        self._trusted_proxies = trusted_proxies
        self._is_hf_space = is_hf_space
        self._is_loopback_only = is_loopback_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._is_trusted_proxy(scope):
            if headers.get("x-forwarded-proto", "").split(",")[0].strip() == "https":
                scope["scheme"] = "https"
        else:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in FORWARDED_HEADERS]
            # A page elsewhere whose name is made to lead here (DNS rebinding) is, to the browser, this page.
            if self._is_loopback_only and not is_loopback_host_header(headers.get("host", "")):
                await PlainTextResponse(UNKNOWN_HOST_MESSAGE, 421)(scope, receive, send)
                return
        # A form or a script elsewhere can post without asking first; browsers say where a request comes from.
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
    """Whether `host`, a name with or without a port, is this machine's to itself."""
    match = HOST_PATTERN.fullmatch(host)
    try:
        return match is not None and (match[1].lower() == "localhost" or ip_address(match[1].strip("[]")).is_loopback)
    except ValueError:
        return False
