"""Section http: statuses, headers and bodies of pages, routes that are closed, strangers, a login, a Space."""

import re
import time
from pathlib import Path

import httpx

from . import photos
from .ask import Ask, answers, page
from .plain import write
from .process import DEMO, Program, running
from .vendor import JSON

CLOSED = [
    "/docs", "/openapi.json", "/monitoring", "/gradio_api/monitoring", "/gradio_api/proxy=http://127.0.0.1/",
    "/queue/join", "/mcp", "/gradio_api/vibe-code", "/gradio_api/stream/a/b/c", "/gradio_api/run-history",
    "/gradio_api/deep_link", "/gradio_api/startup-events", "/gradio_api/mcp", "/gradio_api/file=/etc/passwd",
    "/gradio_api/file=../app.py", "/gradio_api/custom_component/x/y/z", "/pwa_icon", "/api/predict",
    "/gradio_api/api/predict", "/gradio_api/call/received", "/gradio_api/call/face_fuse/x", "/nothing",
    "/kept/guess/a.jpg", "/download/guess/a.jpg", "/archive/guess/runs.zip", "/moved/guess", "/stills/guess",
    "/static/../app.py", "/gradio_api/dev/reload", "/mcp/", "/theme.css/x", "/healthz/x", "/readyz/", "/reference/x",
    "/assets/nothing.js", "/.env", "/config/x",
]  # fmt: skip
OPEN = [
    "/", "/healthz", "/readyz", "/config", "/theme.css", "/favicon.ico", "/robots.txt", "/manifest.json",
    "/gradio_api/info", "/gradio_api/user", "/gradio_api/app_id", "/gradio_api/login_check", "/login", "/logout",
    "/gradio_api/upload", "/?stage=1", "/?stage=1&idle=5", "/reference", "/reference?q=20003",
    "/reference?q=%3Cscript%3E", "/reference/", "/static/img/logo.svg",
]  # fmt: skip
DOORS = [
    "/", "/config", "/healthz", "/readyz", "/reference", "/mirror", "/mcp", "/gradio_api/info", "/stills/guess",
]  # fmt: skip
POSTS = [
    "/gradio_api/upload", "/gradio_api/queue/join", "/gradio_api/call/face_fuse", "/mirror", "/login", "/",
    "/healthz", "/config",
]  # fmt: skip
VERBS = ("POST", "GET", "OPTIONS")
LANGUAGES = ("en-GB,en;q=0.8", "zh-CN,zh;q=0.9", "fr", "")
FOREIGN = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
PROXY = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-forwarded-host": "demo.example"}
MIRROR = {"x-mirror": "a" * 32, "content-type": "image/jpeg"}
NONSENSE = (
    b"",
    b"[]",
    b'{"fn_index": 9999, "data": []}',
    b'{"fn_index": "x", "data": 1}',
    b"[" * 5000,
    b"x" * 2_200_000,
)
SHAPES = ("?shapes=8:0.5,7:0.3", "?shapes=99:1", "?shapes=8:2", "?shapes=1:1,2:1,3:1,4:1", "")
BASIC = ("", "Basic !", "Basic YW5uOndyb25n", "Basic YW5uOndvcmQ=")  # ann:wrong, ann:word
MESSAGE = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "nonsense", "arguments": {}}}


def record(folder: Path, baseline: Path) -> None:
    """As it is, behind a login and a proxy, and as on a Space."""
    with running(*DEMO) as demo:
        _wait_until_ready(demo)
        config, start = (httpx.get(f"{demo.url}/{path}", timeout=30, trust_env=False).text for path in ("config", ""))
        pictures = sorted(set(re.findall(r'"(stills/[^"]+)"', config)))
        assets = sorted(set(re.findall(r'"\./(assets/[\w.-]+)"', start)))[:4]
        write(
            folder / "plain.json", answers(demo.url, [*_asks(), *(("GET", f"/{it}", {}) for it in pictures + assets)])
        )
        for language in ("en", "zh"):
            write(folder / f"page_{language}.html", page(demo.url, "/", language))
            write(folder / f"reference_{language}.html", page(demo.url, "/reference", language))
    with running(*DEMO, LOGIN="ann:word", MCP="on", TRUSTED_PROXIES="127.0.0.1") as demo:
        _wait_until_ready(demo)
        write(folder / "login.json", answers(demo.url, _login_asks()))
    with running(*DEMO, SPACE_ID="someone/demo", HOST="0.0.0.0") as demo:
        _wait_until_ready(demo)
        write(folder / "space.json", answers(demo.url, [("GET", path, {"headers": PROXY}) for path in DOORS]))


def _asks() -> list[Ask]:
    photo = photos.portrait()
    return [
        *(("GET", path, {}) for path in (*OPEN, *CLOSED)),
        *(("POST", path, {"content": b"{}"}) for path in (*CLOSED, *POSTS)),
        *(("GET", path, {"headers": {"accept-language": it}}) for path in ("/", "/reference") for it in LANGUAGES),
        *(("HEAD", path, {}) for path in ("/", "/healthz", "/reference", "/nothing")),
        *((verb, path, {"headers": FOREIGN, "content": b"{}"}) for path in POSTS for verb in VERBS),
        *(("GET", path, {"headers": {"host": "evil.example"}}) for path in ("/", "/healthz", "/config")),
        ("GET", "/", {"headers": PROXY}),
        ("POST", "/gradio_api/upload", {"files": {"files": ("a b.jpg", photo)}}),
        *(("POST", "/gradio_api/queue/join", {"content": it, "headers": JSON}) for it in NONSENSE),
        *(("POST", f"/mirror{query}", {"content": photo, "headers": MIRROR}) for query in SHAPES),
        ("POST", "/mirror?shapes=8:0.5", {"content": b"no frame", "headers": MIRROR}),
        ("POST", "/mirror?shapes=8:0.5", {"content": photo}), ("DELETE", "/mirror", {"headers": MIRROR}),
    ]  # fmt: skip


def _login_asks() -> list[Ask]:
    both = {**JSON, "accept": "application/json, text/event-stream"}
    names = [{"username": "ann", "password": word} for word in ("wrong", "word")]
    return [
        *((verb, path, {}) for verb in ("GET", "POST") for path in DOORS),
        *(("POST", "/mcp", {"json": MESSAGE, "headers": {**both, "authorization": key}}) for key in BASIC),
        *(("POST", "/login", {"data": name, "headers": told}) for name in names for told in ({}, PROXY)),
        *(("POST", "/login", {"data": names[0], "headers": PROXY}) for _ in range(7)),
    ]  # fmt: skip


def _wait_until_ready(demo: Program) -> None:
    end = time.monotonic() + 60
    while httpx.get(f"{demo.url}/readyz", timeout=30, trust_env=False).status_code != 200 and time.monotonic() < end:
        time.sleep(0.2)
