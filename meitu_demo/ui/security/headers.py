"""Security headers on every response: content security policy, framing, permissions, caching."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# 'unsafe-inline': Gradio writes its configuration into the page. 'unsafe-eval': it compiles the scripts of events.
# Because neither can be switched off, no visitor's text is ever put into the page unescaped.
CSP_DIRECTIVES = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob: mediastream:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "frame-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
# Hugging Face shows a Space in a frame.
HF_SPACE_ORIGINS = "https://huggingface.co https://*.huggingface.co https://*.hf.space"
# The camera is allowed, for the photo. A compromised page could ask for the others.
DENIED_PERMISSIONS = ("microphone", "geolocation", "display-capture", "payment", "usb", "serial", "midi",
                      "accelerometer")  # fmt: skip
NO_STORE_PREFIXES = ("/gradio_api/", "/config", "/kept/", "/login", "/mcp")  # photos, results, logins


class SecurityHeadersMiddleware:
    """ASGI middleware. Headers that the app has set stay as they are. Streams are not buffered."""

    def __init__(self, app: ASGIApp, *, is_hf_space: bool) -> None:
        self.app = app
        self._headers = build_headers(is_hf_space=is_hf_space)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_no_store = scope["path"].startswith(NO_STORE_PREFIXES)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                response_headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    response_headers.setdefault(name, value)
                if response_headers.get("content-type", "").startswith("text/event-stream"):
                    # A buffering proxy would hold back all progress events until the end.
                    response_headers["x-accel-buffering"] = "no"
                    response_headers["cache-control"] = "no-store, no-transform"
                if is_no_store:
                    response_headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


def build_headers(*, is_hf_space: bool) -> dict[str, str]:
    """The headers of every response. is_hf_space: Hugging Face's pages may frame this one."""
    ancestors = f"'self' {HF_SPACE_ORIGINS}" if is_hf_space else "'self'"
    policy = {**CSP_DIRECTIVES, "frame-ancestors": ancestors}
    common = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # with no-referrer, browsers would post our own forms with `Origin: null`
        "permissions-policy": ", ".join(["camera=(self)", *(f"{name}=()" for name in DENIED_PERMISSIONS)]),
    }
    if is_hf_space:
        return common
    return {
        **common,
        "x-frame-options": "SAMEORIGIN",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
