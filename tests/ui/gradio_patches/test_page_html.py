"""The page as it goes over the wire: one language, the demo's own files, compressed."""

import json
import re
from typing import Any

import httpx
import pytest
from starlette.responses import HTMLResponse
from starlette.types import Receive, Scope, Send
from ui.conftest import Page

from meitu_demo.ui.gradio_patches.assets import PageFiles
from meitu_demo.ui.gradio_patches.page_html import MAX_CACHED_PAGES, PageHtmlMiddleware, rewrite_page

pytestmark = pytest.mark.gradio_internals
PAGE = (
    '<html lang="en"><head><meta property="og:title" content="Gradio" /></head>'
    '<script>window.gradio_config = {"i18n_translations":{"en":{"a":"\\u003cb\\u003e\\u0026\\u0027\\u4e2d"},'
    '"zh-CN":{"a":"字"}},"layout":{"id":1}};</script>'
)


@pytest.mark.parametrize(("language", "tag", "text"), [("en", "en", "<b>&'中"), ("zh", "zh-CN", "字")])
def test_rewrite_page_keeps_the_texts_of_one_language(language: str, tag: str, text: str) -> None:
    """The others go, the rest of the configuration stays, and no text can end the script."""
    script = rewrite_page(PAGE, language, PageFiles()).rpartition("<script>")[2]
    assert "<b>" not in script
    config = json.loads(script.removeprefix("window.gradio_config = ").removesuffix(";</script>"))
    assert config == {"i18n_translations": {tag: {"a": text}}, "layout": {"id": 1}}


def test_rewrite_page_leaves_a_page_without_texts_as_it_is() -> None:
    """Whoever is not logged in gets a configuration that is nearly empty."""
    config = '<script>window.gradio_config = {"auth_required":true};</script>'
    assert rewrite_page(f'<html lang="en"><head></head>{config}', "en", PageFiles()).endswith(config)


class Gradio:
    """Answers each request with a page that holds its number."""

    def __init__(self) -> None:
        self.page_count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.page_count += 1
        await HTMLResponse(f"{PAGE}{self.page_count}")(scope, receive, send)


def connect(*, has_login: bool) -> tuple[Gradio, httpx.AsyncClient]:
    gradio = Gradio()
    transport = httpx.ASGITransport(PageHtmlMiddleware(gradio, PageFiles(), has_login=has_login))
    return gradio, httpx.AsyncClient(transport=transport, base_url="http://demo")


@pytest.mark.parametrize(
    "other",
    [
        {"headers": {"accept-language": "zh"}},
        {"headers": {"accept-encoding": "br"}},
        {"headers": {"host": "other"}},
        {"headers": {"x-forwarded-host": "other"}},
        {"headers": {"x-forwarded-proto": "https"}},
    ],
)
async def test_page_html_middleware_builds_a_page_once(other: dict[str, Any]) -> None:
    """For each language, encoding and address: a visitor never gets the page of another."""
    gradio, client = connect(has_login=False)
    plain = {"accept-encoding": "identity"}
    first = await client.get("/", headers=plain)
    second = await client.get("/?stage=1", headers=plain)
    assert (second.content, second.headers) == (first.content, first.headers)
    assert gradio.page_count == 1
    request = {"headers": plain | other["headers"]}
    assert (await client.get("/", **request)).content != first.content
    assert (await client.get("/", **request)).status_code == 200
    assert gradio.page_count == 2


async def test_page_html_middleware_leaves_personal_pages_to_gradio() -> None:
    """With a login a page holds a name; a deep link of Gradio's, values."""
    gradio, client = connect(has_login=True)
    pages = {(await client.get("/")).text for _ in range(2)}
    assert len(pages) == gradio.page_count == 2
    gradio, client = connect(has_login=False)
    pages = {(await client.get("/?deep_link=a")).text for _ in range(2)}
    assert len(pages) == gradio.page_count == 2


async def test_page_html_middleware_keeps_a_bounded_number_of_pages() -> None:
    """Anybody can write a host name into a request."""
    gradio, client = connect(has_login=False)
    for number in range(MAX_CACHED_PAGES + 1):
        await client.get("/", headers={"x-forwarded-host": f"host-{number}"})
    await client.get("/", headers={"x-forwarded-host": "host-0"})
    assert gradio.page_count == MAX_CACHED_PAGES + 2


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_page_is_the_same_in_each_encoding_and_small(page: Page, encoding: str) -> None:
    """A tenth of its size on the wire; the demo's style and script, named in it, are there."""
    plain = httpx.get(page.url, headers={"accept-encoding": "identity"}).text
    with httpx.stream("GET", page.url, headers={"accept-encoding": encoding}) as answer:
        wire = sum(map(len, answer.iter_raw()))
        assert answer.headers.get("content-encoding", "identity") == encoding
        assert {"Accept-Encoding", "Accept-Language"} <= {name.strip() for name in answer.headers["vary"].split(",")}
    assert httpx.get(page.url, headers={"accept-encoding": encoding}).text == plain
    if encoding != "identity":
        assert wire < len(plain) / 10
    addresses = set(re.findall(r"assets/demo-\w+\.(?:css|js)", plain))
    assert len(addresses) == 2
    for address in addresses:
        assert httpx.get(f"{page.url}/{address}").status_code == 200
