"""Headers that every answer carries, streams included, and what differs on a Space."""

import time

import httpx
import pytest
from ui.conftest import Page

from meitu_demo.ui.security.headers import build_headers

PATHS = ("/", "/config", "/theme.css", "/gradio_api/info", "/kept/x/y.jpg", "/stills/example-astronaut.jpg", "/nowhere",
         "/reference", "/favicon.ico", "/gradio_api/file=/etc/passwd", "/gradio_api/queue/join")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_them(path: str, page: Page) -> None:
    """Pages, pictures, refusals."""
    found = httpx.get(f"{page.url}{path}").headers
    for name, value in build_headers(is_hf_space=False).items():
        assert found[name] == value


def test_a_stream_carries_them_and_is_not_held_back(page: Page) -> None:
    """The first beat of a heart comes at once, the stream going on."""
    began = time.monotonic()
    with httpx.stream("GET", f"{page.url}/gradio_api/heartbeat/some-session") as stream:
        assert stream.headers["content-security-policy"] == build_headers(is_hf_space=False)["content-security-policy"]
        assert "ALIVE" in next(stream.iter_lines())
    assert time.monotonic() - began < 10


def test_photos_and_results_are_kept_by_no_cache(page: Page, portrait: bytes) -> None:
    """An upload, an answer of the API and its picture; the page's own pictures may be."""
    photo = page.upload(portrait)
    event, (result, _) = page.call("quality_restoration", photo, False, False)
    assert event == "complete"
    for address in (f"{page.url}/gradio_api/file={photo['path']}", result["url"], f"{page.url}/config"):
        answer = httpx.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "max-age" in httpx.get(f"{page.url}/stills/example-astronaut.jpg").headers["cache-control"]


def test_the_policy_names_nobody_else() -> None:
    """No other host may be spoken to, loaded from or framed by; on a Space, Hugging Face's pages may frame it."""
    here, space = build_headers(is_hf_space=False), build_headers(is_hf_space=True)
    assert "http" not in here["content-security-policy"]
    assert "frame-ancestors 'self' https://huggingface.co https://*.huggingface.co" in space["content-security-policy"]
    assert space["content-security-policy"].count("http") == 3
    assert "x-frame-options" in here
    assert not {"x-frame-options", "cross-origin-opener-policy", "cross-origin-resource-policy"} & set(space)
    assert "camera=(self)" in here["permissions-policy"]
    assert "microphone=()" in here["permissions-policy"]
