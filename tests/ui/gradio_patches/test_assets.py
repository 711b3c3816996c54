"""Gradio's scripts and styles, and the demo's: complete, compressed, cacheable for ever, and no other file."""

import re
from pathlib import Path

import brotli
import httpx
import pytest
from starlette.responses import PlainTextResponse
from ui.conftest import Page

from meitu_demo.ui.gradio_patches.assets import (
    ASSETS_DIR,
    SCRIPT_EDITS,
    PrecompressedAssetsMiddleware,
    edit_script,
    list_files,
    register_asset,
)

pytestmark = pytest.mark.gradio_internals
SCRIPT = max(ASSETS_DIR.glob("Index-*.js"), key=lambda file: file.stat().st_size)
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
        (f"/assets/{SCRIPT.name}", "identity"),
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
    """Other names, other folders, other methods, and clients that accept no compression."""
    answer = await browser.get(httpx.URL("http://demo", raw_path=path.encode()), headers={"accept-encoding": encoding})
    assert answer.text == "left to Gradio"
    assert (await browser.post(f"/assets/{SCRIPT.name}")).text == "left to Gradio"


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
async def test_assets_middleware_serves_a_registered_text(browser: httpx.AsyncClient, encoding: str) -> None:
    """In the encoding that the client accepts; another text has another address."""
    address = register_asset("demo", ".css", "p { color: red }")
    assert address != register_asset("demo", ".css", "p { color: blue }")
    answer = await browser.get(f"/{address}", headers={"accept-encoding": encoding})
    assert answer.text == "p { color: red }"
    assert answer.headers.get("content-encoding", "identity") == encoding
    assert answer.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("old", [old for old, _ in SCRIPT_EDITS])
def test_edit_script_finds_each_edit_once_in_this_gradio(old: str) -> None:
    """A new version of Gradio has other texts: then look whether the edit is still needed."""
    files = [file for file in ASSETS_DIR.glob("*.js") if old in file.read_text("utf-8")]
    assert len(files) == 1
    assert files[0].read_text("utf-8").count(old) == 1
    assert old.encode() not in edit_script(files[0].name, files[0].read_bytes())


def test_list_files_names_those_that_the_page_would_wait_for(page: Page) -> None:
    """Each component type of the page has a script and a style; a type that Gradio does not have has none."""
    types = {part["type"] for part in page.config["components"]} - {"api", "state"}
    names = list_files(types)
    frame = set(list_files({"no such component"}))
    for name in types:
        assert frame < set(list_files({name})) <= set(names)
        assert {Path(file).suffix for file in set(list_files({name})) - frame} == {".js", ".css"}
    style, script = (
        page.http.get(f"{page.url}/{address}").text
        for address in re.findall(r'"(assets/demo-[^"]+)"', page.http.get(page.url).text)[:2]
    )
    styles = [name for name in names if name.endswith(".css")]
    assert all((ASSETS_DIR / name).read_text("utf-8") in style for name in styles)
    assert all(f'"{name}"' in script.partition("\n")[0] for name in styles)


def test_list_files_names_what_its_scripts_import(page: Page) -> None:
    """So the page preloads each script before any of them has to be read."""
    preloaded = set(re.findall(r'<link rel="modulepreload" href="assets/([^"]+)">', page.http.get(page.url).text))
    imported = {
        name
        for script in preloaded
        for name in re.findall(r'\b(?:from|import)"\./([^"]+)"', (ASSETS_DIR / script).read_text("utf-8"))
    }
    assert len(preloaded) > 30
    assert imported <= preloaded


def test_edit_script_keeps_what_importers_of_the_video_decoder_name() -> None:
    """Nothing else of that script remains, and every other script names it only to import it."""
    decoder = next(ASSETS_DIR.glob("hls-*.js"))
    stub = edit_script(decoder.name, decoder.read_bytes()).decode()
    exported = set(re.findall(r"as (\w+)", stub))
    imported = {
        name.split(" ")[0]
        for file in ASSETS_DIR.glob("*.js")
        for names in re.findall(rf'import\{{([^}}]*)\}}from"\./{decoder.name}"', file.read_text("utf-8"))
        for name in names.split(",")
    }
    assert imported
    assert imported <= exported
    assert len(stub) < 200
