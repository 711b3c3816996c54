"""Gradio's own scripts and styles: whole, compressed, for ever, and nothing else from that folder."""

import brotli
import httpx
import pytest
from starlette.responses import PlainTextResponse

from meitu_demo.ui.gradio_patches.assets import ASSETS_DIR, PrecompressedAssetsMiddleware

SCRIPT = max(ASSETS_DIR.glob("index-*.js"), key=lambda file: file.stat().st_size)
LEFT = PlainTextResponse("left to Gradio")


@pytest.fixture
def browser() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(PrecompressedAssetsMiddleware(LEFT)), base_url="http://demo")


async def test_what_comes_is_what_lies_there(browser: httpx.AsyncClient) -> None:
    """As script and style, also the second time, smaller than it is."""
    for file in (SCRIPT, next(ASSETS_DIR.glob("*.css"))):
        for _ in range(2):
            async with browser.stream("GET", f"/assets/{file.name}", headers={"accept-encoding": "gzip, br"}) as answer:
                sent = b"".join([part async for part in answer.aiter_raw()])
            assert brotli.decompress(sent) == file.read_bytes()
            assert len(sent) < file.stat().st_size
            assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    ("path", "encoding"),
    [
        (f"/assets/{SCRIPT.name}", "gzip"),
        (f"/{SCRIPT.name}", "br"),
        ("/assets/", "br"),
        ("/assets/../index.html", "br"),
        ("/assets/%2e%2e/index.html", "br"),
        (f"/gradio_api/assets/{SCRIPT.name}", "br"),
    ],
)
async def test_the_rest_is_gradios(browser: httpx.AsyncClient, path: str, encoding: str) -> None:
    """Other names, other folders, and readers of no Brotli."""
    answer = await browser.get(httpx.URL("http://demo", raw_path=path.encode()), headers={"accept-encoding": encoding})
    assert answer.text == "left to Gradio"
    assert (await browser.post(f"/assets/{SCRIPT.name}")).text == "left to Gradio"
