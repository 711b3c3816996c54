"""The optional login: our page and password check, Gradio's cookie, and a middleware around the whole app.

Gradio protects most of its routes and none of ours. With the middleware every path needs a login, except those of the
login page, and wrong passwords are throttled (`login_throttle`).
"""

import math
import secrets
from collections.abc import Callable, Sequence
from functools import cache

from markupsafe import Markup
from pydantic import SecretStr
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...domain.translations import list_languages, translate
from ...settings import Network
from ..caller import resolve_address
from ..gradio_patches.internal_state import forget_login, is_logged_in
from ..html import render
from ..reference.page import ASSETS_DIR, render_style
from ..texts import LANGUAGE_TAGS, detect_language
from .login_throttle import MAX_FREE_ATTEMPTS, BasicAuth, LoginThrottle

PUBLIC_PATHS = {"/", "/login", "/login/", "/logout", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json"}
PUBLIC_PREFIXES = ("/assets/", "/static/", "/svelte/")  # Gradio's scripts and styles
BASIC_AUTH_PREFIXES = ("/mcp", "/download/")  # for programs, which may send name and password instead of the cookie


def build_password_check(users: Sequence[tuple[str, SecretStr]]) -> Callable[[str, str], bool]:
    """A function for Gradio's `auth` that checks name and password; it takes equally long for unknown names."""
    pairs = [(name.encode(), secret.get_secret_value().encode()) for name, secret in users]

    def verify(name: str, password: str) -> bool:
        entered = name.encode("utf-8", "replace"), password.encode("utf-8", "replace")
        matches = [secrets.compare_digest(a, entered[0]) & secrets.compare_digest(b, entered[1]) for a, b in pairs]
        return any(matches)

    return verify


@cache
def render_login_page(language: str) -> Markup:
    """The page that asks for name and password. It loads nothing else."""
    other_language = next(name for name in list_languages() if name != language)
    texts = translate("page.login", language), translate("page.login_tries", language, free=MAX_FREE_ATTEMPTS)
    return render(
        "login.page",
        language,
        style=Markup(render_style() + (ASSETS_DIR / "reference" / "login.css").read_text("utf-8")),
        language_tag=LANGUAGE_TAGS[language],
        other_language=other_language,
        other_tag=LANGUAGE_TAGS[other_language],
        message=translate("explanation.between", language).join(texts),
    )


class LoginMiddleware:
    """ASGI middleware of the outer app, whose `state.gradio` knows who is logged in.

    verify: from `build_password_check`. trusted_proxies: their X-Forwarded-For gives the address that is throttled.
    is_hf_space: the page is in another site's frame, so the cookie needs SameSite=None.
    """

    def __init__(
        self, app: ASGIApp, *, verify: Callable[[str, str], bool], is_hf_space: bool, trusted_proxies: Sequence[Network]
    ) -> None:
        self.app = app
        self._throttle = LoginThrottle()
        self._basic_auth = BasicAuth(verify, self._throttle)
        self._trusted_proxies = trusted_proxies
        self._is_hf_space = is_hf_space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 401, or 429 after too many wrong passwords."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path, request = scope["path"], Request(scope)
        is_public = path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES)
        if not (is_public or is_logged_in(scope["app"].state.gradio, request.cookies)):
            header = request.headers.get("authorization", "") if path.startswith(BASIC_AUTH_PREFIXES) else ""
            retry_after_s = self._basic_auth.check_header(header, resolve_address(request, self._trusted_proxies))
            if retry_after_s is not None:
                answer = JSONResponse({"detail": "Not authenticated"}, 401)
                if retry_after_s:
                    answer = self._build_throttled_response(request, retry_after_s)
                await answer(scope, receive, send)
                return
        elif path == "/" and not is_logged_in(scope["app"].state.gradio, request.cookies):
            language = detect_language(request)
            headers = {"cache-control": "no-store", "vary": "Accept-Language"}
            await HTMLResponse(render_login_page(language), headers=headers)(scope, receive, send)
            return

        if path.removesuffix("/") == "/logout":
            forget_login(scope["app"].state.gradio, request.cookies)
        if path.removesuffix("/") == "/login" and scope["method"] == "POST":
            await self._handle_login(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _handle_login(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        address = resolve_address(request, self._trusted_proxies)
        retry_after_s = math.ceil(self._throttle.retry_after(address))
        if retry_after_s:
            await self._build_throttled_response(request, retry_after_s)(scope, receive, send)
            return
        self._throttle.record_attempt(address)

        async def send_with_hardened_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._harden_cookies(MutableHeaders(scope=message))
                if message["status"] < 400:
                    self._throttle.record_success(address)
            await send(message)

        await self.app(scope, receive, send_with_hardened_cookies)

    def _build_throttled_response(self, request: Request, retry_after_s: int) -> JSONResponse:
        language = detect_language(request)
        text = translate("page.login_wait", language, seconds=retry_after_s)
        return JSONResponse({"detail": text}, 429, {"retry-after": str(retry_after_s)})

    def _harden_cookies(self, headers: MutableHeaders) -> None:
        """Gradio sets `SameSite=None`, which only the frame of a Space needs; everywhere else it becomes `Lax`."""
        cookies = headers.getlist("set-cookie")
        del headers["set-cookie"]
        for cookie in cookies:
            parts = cookie.split("; ")
            attributes = [part for part in parts if not part.lower().startswith("samesite")]
            is_cross_site_frame = self._is_hf_space and "Secure" in parts
            attributes.append("SameSite=None; Partitioned" if is_cross_site_frame else "SameSite=Lax")
            headers.append("set-cookie", "; ".join(attributes))
