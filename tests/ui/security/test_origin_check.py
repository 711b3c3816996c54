"""The origin check: no foreign page is answered, no foreign host name, and no header moves the page's addresses."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from ui.conftest import Page, serve

from meitu_demo.settings import Settings


@pytest.fixture(scope="module")
def public_page() -> Iterator[Page]:
    """The app on all interfaces."""
    running = serve(Settings.from_env({"HOST": "0.0.0.0", "FAILURE_LAB": "off"}))
    yield next(running)
    next(running, None)


ORIGINS = ("null", "https://evil.example", "http://evil.example:7860", "http://localhost", "http://localhost:3000",
           "http://127.0.0.1:1", "http://0.0.0.0", "http://localhost.evil.example", "http://127.0.0.1.evil.example",
           "http://evil.example#localhost", "file://", "chrome-extension://x", "HTTP://LOCALHOST:9", "*")  # fmt: skip
PATHS = ("/", "/config", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/queue/join", "/kept/x/y.jpg",
         "/theme.css", "/gradio_api/file=/etc/passwd", "/nowhere")  # fmt: skip


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_cors_allows_no_origin(method: str, page: Page, public_page: Page) -> None:
    """Whatever the origin and the host name, no response allows a foreign script to read it."""
    for server, host in (
        (page, None),
        (public_page, None),
        (public_page, "demo.example"),
        (public_page, "evil.example"),
    ):
        for origin in ORIGINS:
            for path in PATHS:
                headers = {
                    "origin": origin,
                    "access-control-request-method": "POST",
                    **({"host": host} if host else {}),
                }
                answer = httpx.request(method, f"{server.url}{path}", headers=headers)
                assert not {"access-control-allow-origin", "access-control-allow-credentials"} & set(answer.headers)


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything-else"])
def test_origin_check_refuses_cross_site_posts(site: str, page: Page, portrait: bytes) -> None:
    """By Sec-Fetch-Site: from another site nothing is uploaded, started or stopped (CSRF)."""
    for path in ("upload", "queue/join", "call/face_fuse", "cancel"):
        answer = httpx.post(
            f"{page.url}/gradio_api/{path}", headers={"sec-fetch-site": site}, files={"files": ("x", portrait)}
        )
        assert answer.status_code == 403, path


FORWARDED_HEADERS = (
          {"x-forwarded-host": "evil.example"}, {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https"},
          {"x-gradio-server": "http://evil.example"}, {"x-forwarded-host": "evil.example, x"},
          {"x-original-url": "//evil.example"}, {"forwarded": "host=evil.example"},
          {"x-forwarded-prefix": "//evil.example"}, {"x-forwarded-server": "evil.example"},
          {"x-host": "evil.example"}, {"x-rewrite-url": "//evil.example"})  # fmt: skip


@pytest.mark.parametrize("headers", FORWARDED_HEADERS)
@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/info", "/logout"])
def test_origin_check_ignores_forwarded_headers(headers: dict[str, str], path: str, page: Page) -> None:
    """Addresses on the page lead to the server that was asked, whatever forwarded headers say."""
    answer = httpx.get(f"{page.url}{path}", headers=headers)
    assert "evil" not in answer.text
    assert "evil" not in str(answer.headers)


def test_origin_check_refuses_foreign_host_names_on_loopback(page: Page, public_page: Page) -> None:
    """DNS rebinding gets 421 and a hint at TRUSTED_PROXIES; on all interfaces every host name is served."""
    port = urlsplit(page.url).port
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "127.0.0.2", "LOCALHOST"):
        assert httpx.get(f"{page.url}/config", headers={"host": host}).status_code == 200, host
    for host in (
        "evil.example",
        f"evil.example:{port}",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.0.9",
        "x@localhost:y",
    ):
        answer = httpx.get(f"{page.url}/config", headers={"host": host})
        assert answer.status_code == 421, host
        assert "TRUSTED_PROXIES" in answer.text
    assert (
        httpx.get(f"{public_page.url}/config", headers={"host": "demo.example"}).json()["root"] == "http://demo.example"
    )


def test_origin_check_believes_a_trusted_proxy() -> None:
    """The page's addresses then have the forwarded host name and https."""
    running = serve(Settings.from_env({"TRUSTED_PROXIES": "127.0.0.1"}))
    headers = {"host": "inside", "x-forwarded-host": "demo.example", "x-forwarded-proto": "https"}
    config = httpx.get(f"{next(running).url}/config", headers=headers).json()
    next(running, None)
    assert config["root"] == "https://demo.example"


def test_mirror_is_off_on_all_interfaces(page: Page, public_page: Page) -> None:
    """Neither its tab nor its route exists, unless the owner switches it on."""
    headers = {"x-mirror": "a" * 32, "content-type": "image/png"}
    assert httpx.post(f"{page.url}/mirror", headers=headers).status_code == 415
    assert httpx.post(f"{public_page.url}/mirror", headers=headers).status_code == 404
    tabs = [any(part["props"].get("elem_id") == "mirror-tab" for part in each.config["components"])
            for each in (page, public_page)]  # fmt: skip
    assert tabs == [True, False]
