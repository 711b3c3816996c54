"""Gives each visitor of the page a signed cookie that says nothing about them: what paid calls are counted against."""

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...ledger.lazy import LazyLedger

if TYPE_CHECKING:  # its database is loaded only where a call can cost money
    from ...ledger.paid_calls import PaidCallRecorder

VISITOR_COOKIE = "visitor"
COOKIE_MAX_AGE_S = 365 * 24 * 3600


class VisitorCookieMiddleware:
    """ASGI middleware that adds the cookie to the page itself, where calls cost money and there is none of ours yet.

    space: the page is in a frame of another site. A browser sends a cookie along there only if it says None, and many
    only if it is kept apart for that site (Partitioned); both need https, which every Space has.
    """

    def __init__(self, app: ASGIApp, ledger: LazyLedger, *, is_hf_space: bool = False) -> None:
        self.app = app
        self._ledger = ledger
        self._is_hf_space = is_hf_space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the rest of the app never sees the difference."""
        recorder = self._ledger.recorder
        is_page = scope["type"] == "http" and scope["path"] == "/"
        if recorder is None or not is_page or _has_valid_cookie(recorder, Headers(scope=scope)):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                scheme = Headers(scope=scope).get("x-forwarded-proto", scope.get("scheme"))
                attributes = "SameSite=Lax; Secure" if scheme == "https" else "SameSite=Lax"
                attributes = "SameSite=None; Secure; Partitioned" if self._is_hf_space else attributes
                cookie = f"{VISITOR_COOKIE}={recorder.create_cookie()}; Path=/; Max-Age={COOKIE_MAX_AGE_S}; HttpOnly; {attributes}"  # noqa: E501
                MutableHeaders(scope=message).append("set-cookie", cookie)
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _has_valid_cookie(recorder: "PaidCallRecorder", headers: Headers) -> bool:
    morsel = SimpleCookie(headers.get("cookie", "")[:4000]).get(VISITOR_COOKIE)
    return morsel is not None and recorder.is_valid_cookie(morsel.value)
