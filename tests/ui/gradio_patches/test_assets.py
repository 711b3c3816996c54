"""Gradio's scripts and styles: complete, compressed, cacheable for ever, and no other file."""

import brotli
import httpx
import pytest
from starlette.responses import PlainTextResponse

from meitu_demo.ui.gradio_patches.assets import ASSETS_DIR, PrecompressedAssetsMiddleware

pytestmark = pytest.mark.gradio_internals
SCRIPT = max(ASSETS_DIR.glob("index-*.js"), key=lambda file: file.stat().st_size)
GRADIO = PlainTextResponse("left to Gradio")


@pytest.fixture
def browser() -> httpx.AsyncClient:
    transport = httpx.ASGITransport(PrecompressedAssetsMiddleware(GRADIO))
    return httpx.AsyncClient(transport=transport, base_url="http://demo")


async def test_assets_middleware_sends_each_file_compressed(browser: httpx.AsyncClient) -> None:
    """A script and a style, each requested twice: the same bytes, smaller on the wire, immutable for caches."""
    for file in (SCRIPT, next(ASSETS_DIR.glob("*.css"))):
        for _ in range(2):
            async with browser.stream("GET", f"/assets/{file.name}", headers={"accept-encoding": "gzip, br"}) as answer:
                body = b"".join([part async for part in answer.aiter_raw()])
            assert brotli.decompress(body) == file.read_bytes()
            assert len(body) < file.stat().st_size
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
async def test_assets_middleware_leaves_the_rest_to_gradio(
    browser: httpx.AsyncClient, path: str, encoding: str
) -> None:
    """Other names, other folders, other methods, and clients that do not accept Brotli."""
    answer = await browser.get(httpx.URL("http://demo", raw_path=path.encode()), headers={"accept-encoding": encoding})
    assert answer.text == "left to Gradio"
    assert (await browser.post(f"/assets/{SCRIPT.name}")).text == "left to Gradio"
