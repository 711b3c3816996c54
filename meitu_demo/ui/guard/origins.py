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

CLAIMS = (b"x-forwarded-host", b"x-gradio-server")
HOST = re.compile(r"([A-Za-z0-9.-]+|\[?[0-9A-Fa-f:.]+\]?)(?::[0-9]{1,5})?", re.ASCII)
UNKNOWN = (
    "The demo listens on this machine alone and does not know that name. If a proxy stands before it, name the proxy's "
    "address in TRUSTED_PROXIES."
)
STRANGER = "Only the demo's own page may do this."


class Origins:
    """ASGI middleware. loopback: the server listens on this machine alone, so it knows all of its names."""

    def __init__(self, app: ASGIApp, *, proxies: Sequence[Network], space: bool, loopback: bool) -> None:
        self.app = app
        self._proxies = proxies
        self._space = space
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if self._believes(scope):
            if headers.get("x-forwarded-proto", "").split(",")[0].strip() == "https":
                scope["scheme"] = "https"
        else:
            scope["headers"] = [pair for pair in scope["headers"] if pair[0] not in CLAIMS]
            # A page elsewhere whose name is made to lead here (DNS rebinding) is, to the browser, this page.
            if self._loopback and not is_loopback(headers.get("host", "")):
                await PlainTextResponse(UNKNOWN, 421)(scope, receive, send)
                return
        # A form or a script elsewhere can post without asking first; browsers say where a request comes from.
        where = headers.get("sec-fetch-site", "none")
        if where not in ("same-origin", "none") and scope["method"] not in ("GET", "HEAD"):
            await PlainTextResponse(STRANGER, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _believes(self, scope: Scope) -> bool:
        if self._space or not scope.get("client"):
            return self._space
        try:
            peer = ip_address(scope["client"][0])
        except ValueError:
            return False
        return any(peer in network for network in self._proxies)


def is_loopback(host: str) -> bool:
    """Whether `host`, a name with or without a port, is this machine's to itself."""
    found = HOST.fullmatch(host)
    try:
        return found is not None and (found[1].lower() == "localhost" or ip_address(found[1].strip("[]")).is_loopback)
    except ValueError:
        return False
