"""The optional login: Gradio's page and cookie, our check of the password, and a door before everything else.

Gradio guards most of its routes and none of ours. Behind this door lies all that is not needed to log in. Wrong
passwords are counted (`tries`).
"""

import math
import secrets
from collections.abc import Callable, Sequence
from html import escape

from gradio.routes import App
from pydantic import SecretStr
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...domain.translations import list_languages, match_language, translate
from ...runtime.client_address import Network, resolve_client_address
from .login_throttle import MAX_FREE_ATTEMPTS, BasicAuth, LoginThrottle

PUBLIC_PATHS = {"/", "/login", "/login/", "/logout", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json"}
BASIC_AUTH_PREFIXES = ("/mcp", "/download/")  # where programs may send name and password along instead of the cookie
PUBLIC_PREFIXES = ("/assets/", "/static/", "/svelte/")  # Gradio's own code and looks


def build_password_check(users: Sequence[tuple[str, SecretStr]]) -> Callable[[str, str], bool]:
    """For Gradio's `auth`: whether name and password are a pair. It takes as long whether or not the name is known."""
    pairs = [(name.encode(), secret.get_secret_value().encode()) for name, secret in users]

    def verify(name: str, password: str) -> bool:
        entered = name.encode("utf-8", "replace"), password.encode("utf-8", "replace")
        matches = [secrets.compare_digest(a, entered[0]) & secrets.compare_digest(b, entered[1]) for a, b in pairs]
        return any(matches)

    return verify


def render_login_message() -> str:
    """What stands on Gradio's login page, which knows none of our translations: each language's words."""
    keys = ("page.login", "page.login_tries")
    lines = [
        " ".join(translate(key, language, free=MAX_FREE_ATTEMPTS) for key in keys) for language in list_languages()
    ]
    return "<br>".join(map(escape, lines))


class LoginMiddleware:
    """ASGI middleware. gradio: gives Gradio's app, which knows who is in. space: the page is in a frame of others.

    fits: of `build_password_check`. proxies: whose word for an address is taken, where wrong passwords are counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        get_gradio_app: Callable[[], App],
        verify: Callable[[str, str], bool],
        is_hf_space: bool,
        trusted_proxies: Sequence[Network],
    ) -> None:
        self.app = app
        self._throttle = LoginThrottle()
        self._basic_auth = BasicAuth(verify, self._throttle)
        self._trusted_proxies = trusted_proxies
        self._get_gradio_app = get_gradio_app
        self._is_hf_space = is_hf_space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or answer 401."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if not (path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES) or self._is_logged_in(scope)):
            request = Request(scope)
            header = request.headers.get("authorization", "") if path.startswith(BASIC_AUTH_PREFIXES) else ""
            retry_after_s = self._basic_auth.check_header(header, self._resolve_address(request))
            if retry_after_s is not None:
                answer = JSONResponse({"detail": "Not authenticated"}, 401)
                await (self._build_throttled_response(request, retry_after_s) if retry_after_s else answer)(
                    scope, receive, send
                )
                return

        if path.removesuffix("/") == "/login":
            await self._handle_login(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _handle_login(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        address = self._resolve_address(request)
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

    def _resolve_address(self, request: Request) -> str:
        peer_address = request.client.host if request.client else ""
        return resolve_client_address(peer_address, request.headers.get("x-forwarded-for", ""), self._trusted_proxies)

    def _build_throttled_response(self, request: Request, retry_after_s: int) -> JSONResponse:
        text = translate(
            "page.login_wait", match_language(request.headers.get("accept-language")), seconds=retry_after_s
        )
        return JSONResponse({"detail": text}, 429, {"retry-after": str(retry_after_s)})

    def _is_logged_in(self, scope: Scope) -> bool:
        gradio_app, cookies = self._get_gradio_app(), Request(scope).cookies
        names = (f"access-token-{gradio_app.cookie_id}", f"access-token-unsecure-{gradio_app.cookie_id}")
        return any(cookies.get(name) in gradio_app.tokens for name in names)

    def _harden_cookies(self, headers: MutableHeaders) -> None:
        """Gradio lets its cookie go along with other sites' requests, which a Space's frame needs and nothing else."""
        cookies = headers.getlist("set-cookie")
        del headers["set-cookie"]
        for cookie in cookies:
            parts = cookie.split("; ")
            attributes = [part for part in parts if not part.lower().startswith("samesite")]
            is_cross_site_frame = self._is_hf_space and "Secure" in parts
            headers.append(
                "set-cookie",
                "; ".join([*attributes, "SameSite=None; Partitioned" if is_cross_site_frame else "SameSite=Lax"]),
            )
