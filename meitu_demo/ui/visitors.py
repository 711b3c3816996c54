"""Gives each visitor of the page a signed cookie that says nothing about them: what paid calls are counted against."""

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

import gradio as gr
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:  # its database is loaded only where a call can cost money
    from ..accounts import Accounts

COOKIE = "visitor"
YEAR_S = 365 * 24 * 3600


def visitor_of(request: gr.Request | None, accounts: "Accounts | None") -> str:
    """The visitor behind `request`: a cookie of ours, else the client's address; "" where nobody counts."""
    if accounts is None or request is None:
        return ""
    peer = request.client.host if request.client else ""
    return accounts.visitor(request.cookies.get(COOKIE), peer, request.headers.get("x-forwarded-for", ""))


class VisitorCookie:
    """ASGI middleware that adds the cookie to the page itself, where there is none that is ours."""

    def __init__(self, app: ASGIApp, accounts: "Accounts") -> None:
        self.app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the rest of the app never sees the difference."""
        if scope["type"] != "http" or scope["path"] != "/" or self._known(Headers(scope=scope)):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure = "; Secure" if scope.get("scheme") == "https" else ""
                value = self._accounts.new_cookie()
                cookie = f"{COOKIE}={value}; Path=/; Max-Age={YEAR_S}; HttpOnly; SameSite=Lax{secure}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, with_cookie)

    def _known(self, headers: Headers) -> bool:
        morsel = SimpleCookie(headers.get("cookie", "")[:4000]).get(COOKIE)
        return morsel is not None and self._accounts.is_ours(morsel.value)
