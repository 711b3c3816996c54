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

from ...address import Network, resolve_client_address
from ...words import list_languages, match_language, translate
from .basic import Passwords
from .tries import FREE, Tries

OPEN = {"/", "/login", "/login/", "/logout", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json"}
BY_PASSWORD = ("/mcp", "/download/")  # where programs may send name and password along instead of the cookie
OPEN_BELOW = ("/assets/", "/static/", "/svelte/")  # Gradio's own code and looks


def checker(users: Sequence[tuple[str, SecretStr]]) -> Callable[[str, str], bool]:
    """For Gradio's `auth`: whether name and password are a pair. It takes as long whether or not the name is known."""
    pairs = [(name.encode(), secret.get_secret_value().encode()) for name, secret in users]

    def fits(name: str, password: str) -> bool:
        given = name.encode("utf-8", "replace"), password.encode("utf-8", "replace")
        found = [secrets.compare_digest(a, given[0]) & secrets.compare_digest(b, given[1]) for a, b in pairs]
        return any(found)

    return fits


def login_message() -> str:
    """What stands on Gradio's login page, which knows none of our translations: each language's words."""
    keys = ("page.login", "page.login_tries")
    lines = [" ".join(translate(key, language, free=FREE) for key in keys) for language in list_languages()]
    return "<br>".join(map(escape, lines))


class LoginDoor:
    """ASGI middleware. gradio: gives Gradio's app, which knows who is in. space: the page is in a frame of others.

    fits: of `checker`. proxies: whose word for an address is taken, where wrong passwords are counted.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        gradio: Callable[[], App],
        fits: Callable[[str, str], bool],
        space: bool,
        proxies: Sequence[Network],
    ) -> None:
        self.app = app
        self._tries = Tries()
        self._passwords = Passwords(fits, self._tries)
        self._proxies = proxies
        self._gradio = gradio
        self._space = space

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or answer 401."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if not (path in OPEN or path.startswith(OPEN_BELOW) or self._is_in(scope)):
            request = Request(scope)
            header = request.headers.get("authorization", "") if path.startswith(BY_PASSWORD) else ""
            seconds = self._passwords.wait(header, self._address(request))
            if seconds is not None:
                answer = JSONResponse({"detail": "Not authenticated"}, 401)
                await (self._too_many(request, seconds) if seconds else answer)(scope, receive, send)
                return

        if path.removesuffix("/") == "/login":
            await self._log_in(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _log_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        address = self._address(request)
        seconds = math.ceil(self._tries.wait(address))
        if seconds:
            await self._too_many(request, seconds)(scope, receive, send)
            return
        self._tries.begin(address)

        async def with_better_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._mend(MutableHeaders(scope=message))
                if message["status"] < 400:
                    self._tries.was_right(address)
            await send(message)

        await self.app(scope, receive, with_better_cookie)

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        return resolve_client_address(peer, request.headers.get("x-forwarded-for", ""), self._proxies)

    def _too_many(self, request: Request, seconds: int) -> JSONResponse:
        text = translate("page.login_wait", match_language(request.headers.get("accept-language")), seconds=seconds)
        return JSONResponse({"detail": text}, 429, {"retry-after": str(seconds)})

    def _is_in(self, scope: Scope) -> bool:
        gradio, cookies = self._gradio(), Request(scope).cookies
        names = (f"access-token-{gradio.cookie_id}", f"access-token-unsecure-{gradio.cookie_id}")
        return any(cookies.get(name) in gradio.tokens for name in names)

    def _mend(self, headers: MutableHeaders) -> None:
        """Gradio lets its cookie go along with other sites' requests, which a Space's frame needs and nothing else."""
        cookies = headers.getlist("set-cookie")
        del headers["set-cookie"]
        for cookie in cookies:
            parts = cookie.split("; ")
            kept = [part for part in parts if not part.lower().startswith("samesite")]
            framed = self._space and "Secure" in parts
            headers.append("set-cookie", "; ".join([*kept, "SameSite=None; Partitioned" if framed else "SameSite=Lax"]))
