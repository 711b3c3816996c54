"""Headers on every response that tell a browser what this page will never do. Only `ui/app.py` may import it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# 'unsafe-inline': Gradio writes the page's configuration into it. 'unsafe-eval': it makes functions of the scripts that
# come with events. Neither can be had without in this version, so what a visitor names is never put there unescaped.
POLICY = {
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
SPACES = "https://huggingface.co https://*.huggingface.co https://*.hf.space"  # a Space is shown in a frame of theirs
# The camera is for the photo. The rest is named because a page that is taken over could ask for it.
PERMISSIONS = ("microphone", "geolocation", "display-capture", "payment", "usb", "serial", "midi", "accelerometer")
PASSING = ("/gradio_api/", "/config", "/kept/", "/login", "/mcp")  # photos, results, who is in: no cache may keep them


class SecurityHeaders:
    """ASGI middleware; a header that the app has set itself stays as it is. Nothing is held back to be looked at."""

    def __init__(self, app: ASGIApp, *, space: bool) -> None:
        self.app = app
        self._headers = headers(space=space)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        passing = scope["path"].startswith(PASSING)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    found.setdefault(name, value)
                if found.get("content-type", "").startswith("text/event-stream"):
                    # A proxy that gathers an answer before it passes it on would hide each step until the end.
                    found["x-accel-buffering"] = "no"
                    found["cache-control"] = "no-store, no-transform"
                if passing:
                    found.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


def headers(*, space: bool) -> dict[str, str]:
    """What every response carries. space: Hugging Face's pages may frame this one."""
    ancestors = f"'self' {SPACES}" if space else "'self'"
    policy = {**POLICY, "frame-ancestors": ancestors}
    always = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "permissions-policy": ", ".join(["camera=(self)", *(f"{name}=()" for name in PERMISSIONS)]),
    }
    if space:
        return always
    return {
        **always,
        "x-frame-options": "SAMEORIGIN",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
