"""Security headers on every response, streams included, and the differences on a Space."""

import time

import httpx
import pytest
from ui.conftest import Page

from meitu_demo.ui.security.headers import build_headers

PATHS = ("/", "/config", "/theme.css", "/gradio_api/info", "/kept/x/y.jpg", "/stills/example-astronaut.jpg", "/nowhere",
         "/reference", "/favicon.ico", "/gradio_api/file=/etc/passwd", "/gradio_api/queue/join")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_security_headers_are_on_every_response(path: str, page: Page) -> None:
    """On pages, images and refusals."""
    headers = httpx.get(f"{page.url}{path}").headers
    for name, value in build_headers(is_hf_space=False).items():
        assert headers[name] == value


def test_security_headers_do_not_hold_back_a_stream(page: Page) -> None:
    """A heartbeat stream carries them, and its first event comes at once."""
    started_s = time.monotonic()
    with httpx.stream("GET", f"{page.url}/gradio_api/heartbeat/some-session") as stream:
        assert stream.headers["content-security-policy"] == build_headers(is_hf_space=False)["content-security-policy"]
        assert "ALIVE" in next(stream.iter_lines())
    assert time.monotonic() - started_s < 10


def test_photos_and_results_are_not_cacheable(page: Page, portrait: bytes) -> None:
    """An upload, an API answer and its picture are no-store; the page's own images may be cached."""
    photo = page.upload(portrait)
    event, (result, _) = page.call("quality_restoration", photo, False, False)
    assert event == "complete"
    for address in (f"{page.url}/gradio_api/file={photo['path']}", result["url"], f"{page.url}/config"):
        answer = httpx.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in httpx.get(f"{page.url}/stills/example-astronaut.jpg").headers["cache-control"]


def test_content_security_policy_names_no_other_host() -> None:
    """None to connect to, load from or be framed by; on a Space, Hugging Face's pages may frame it."""
    default, space = build_headers(is_hf_space=False), build_headers(is_hf_space=True)
    assert "http" not in default["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co" in space["content-security-policy"]
    assert space["content-security-policy"].count("http") == 3
    assert "x-frame-options" in default
    assert not {"x-frame-options", "cross-origin-opener-policy", "cross-origin-resource-policy"} & set(space)
    assert "camera=(self)" in default["permissions-policy"]
    assert "microphone=()" in default["permissions-policy"]
