"""Gives each visitor of the page a signed cookie that says nothing about them: what paid calls are counted against."""

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...till import LazyLedger

if TYPE_CHECKING:  # its database is loaded only where a call can cost money
    from ...accounts import PaidCallRecorder

COOKIE = "visitor"
YEAR_S = 365 * 24 * 3600


class VisitorCookie:
    """ASGI middleware that adds the cookie to the page itself, where calls cost money and there is none of ours yet.

    space: the page is in a frame of another site. A browser sends a cookie along there only if it says None, and many
    only if it is kept apart for that site (Partitioned); both need https, which every Space has.
    """

    def __init__(self, app: ASGIApp, till: LazyLedger, *, space: bool = False) -> None:
        self.app = app
        self._till = till
        self._space = space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the rest of the app never sees the difference."""
        accounts = self._till.recorder
        page = scope["type"] == "http" and scope["path"] == "/"
        if accounts is None or not page or _known(accounts, Headers(scope=scope)):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen = Headers(scope=scope).get("x-forwarded-proto", scope.get("scheme"))
                where = "SameSite=Lax; Secure" if seen == "https" else "SameSite=Lax"
                where = "SameSite=None; Secure; Partitioned" if self._space else where
                cookie = f"{COOKIE}={accounts.create_cookie()}; Path=/; Max-Age={YEAR_S}; HttpOnly; {where}"
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, with_cookie)


def _known(accounts: "PaidCallRecorder", headers: Headers) -> bool:
    morsel = SimpleCookie(headers.get("cookie", "")[:4000]).get(COOKIE)
    return morsel is not None and accounts.is_valid_cookie(morsel.value)
