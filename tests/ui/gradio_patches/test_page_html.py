"""The page as it goes over the wire: one language, the demo's own files, compressed."""

import json
import re

import httpx
import pytest
from ui.conftest import Page

from meitu_demo.ui.gradio_patches.page_html import rewrite_page

pytestmark = pytest.mark.gradio_internals
PAGE = (
    '<html lang="en"><head><meta property="og:title" content="Gradio" /></head>'
    '<script>window.gradio_config = {"i18n_translations":{"en":{"a":"\\u003cb\\u003e\\u0026\\u0027\\u4e2d"},'
    '"zh-CN":{"a":"字"}},"layout":{"id":1}};</script>'
)


@pytest.mark.parametrize(("language", "tag", "text"), [("en", "en", "<b>&'中"), ("zh", "zh-CN", "字")])
def test_rewrite_page_keeps_the_texts_of_one_language(language: str, tag: str, text: str) -> None:
    """The others go, the rest of the configuration stays, and no text can end the script."""
    script = rewrite_page(PAGE, language).rpartition("<script>")[2]
    assert "<b>" not in script
    config = json.loads(script.removeprefix("window.gradio_config = ").removesuffix(";</script>"))
    assert config == {"i18n_translations": {tag: {"a": text}}, "layout": {"id": 1}}


def test_rewrite_page_leaves_a_page_without_texts_as_it_is() -> None:
    """Whoever is not logged in gets a configuration that is nearly empty."""
    page = '<html lang="en"><head></head><script>window.gradio_config = {"auth_required":true};</script>'
    assert rewrite_page(page, "en").endswith('<script>window.gradio_config = {"auth_required":true};</script>')


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
