"""The visitor cookie, against which paid calls are counted: signed, and without personal data."""

from http.cookies import SimpleCookie
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...ledger.lazy import LazyLedger
from ..caller import VISITOR_COOKIE

if TYPE_CHECKING:
    from ...ledger.paid_calls import PaidCallRecorder

COOKIE_MAX_AGE_S = 365 * 24 * 3600


class VisitorCookieMiddleware:
    """ASGI middleware that sets the cookie with the page, if calls cost money and the visitor has no valid one.

    is_hf_space: the page is in another site's frame, where browsers send a cookie only with SameSite=None, and many
    only with Partitioned. Both need https, which every Space has.
    """

    def __init__(self, app: ASGIApp, ledger: LazyLedger, *, is_hf_space: bool = False) -> None:
        self.app = app
        self._ledger = ledger
        self._is_hf_space = is_hf_space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        recorder = self._ledger.recorder
        is_page = scope["type"] == "http" and scope["path"] == "/"
        if recorder is None or not is_page or _has_valid_cookie(recorder, Headers(scope=scope)):
            await self.app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                attributes = "SameSite=Lax; Secure" if scope["scheme"] == "https" else "SameSite=Lax"
                attributes = "SameSite=None; Secure; Partitioned" if self._is_hf_space else attributes
                cookie = f"{VISITOR_COOKIE}={recorder.create_cookie()}; Path=/; Max-Age={COOKIE_MAX_AGE_S}; HttpOnly"
                MutableHeaders(scope=message).append("set-cookie", f"{cookie}; {attributes}")
            await send(message)

        await self.app(scope, receive, send_with_cookie)


def _has_valid_cookie(recorder: "PaidCallRecorder", headers: Headers) -> bool:
    morsel = SimpleCookie(headers.get("cookie", "")[:4000]).get(VISITOR_COOKIE)
    return morsel is not None and recorder.is_valid_cookie(morsel.value)
