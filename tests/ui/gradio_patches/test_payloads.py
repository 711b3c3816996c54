"""Payloads that name another file or a URL: Gradio's own steps still pass through the patches that refuse them."""

import json
import shutil
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio import processing_utils
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError
from ui.conftest import Page

from meitu_demo.ui.gradio_patches import payloads

pytestmark = pytest.mark.gradio_internals
META = {"_type": "gradio.FileData"}


@pytest.fixture
def image() -> gr.Image:
    """A component on a page that has the patches."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        component = gr.Image(type="filepath")
        gr.Button().click(lambda photo: None, component, None)
    payloads.patch_payloads(blocks)
    return component


@pytest.mark.parametrize("resource", ["https://127.0.0.1:1/x.jpg", "/tmp", "/tmp/no-such-file.jpg", "\0"])
async def test_gradio_asks_the_patch_before_it_caches_a_file(image: gr.Image, resource: str) -> None:
    """URLs, folders and impossible names are refused in words; nothing is fetched."""
    payload = {"path": resource, "url": resource, "meta": META}
    with pytest.raises(gr.Error, match="photo"):
        await processing_utils.async_move_files_to_cache(payload, image, postprocess=False)


async def test_gradio_checks_paths_of_a_page_that_counts_as_launched(image: gr.Image, tmp_path: Path) -> None:
    """With `has_launched`, a file of the server's is refused; without it, Gradio would copy it into the uploads."""
    private = tmp_path / "private.jpg"
    private.write_bytes(b"secret")
    payload = {"path": str(private), "meta": META}
    blocks = image.parent
    LocalContext.blocks.set(blocks)
    with pytest.raises(InvalidPathError):
        await processing_utils.async_move_files_to_cache(payload, image, check_in_upload_folder=True)
    blocks.has_launched = False
    copied = await processing_utils.async_move_files_to_cache(payload, image, check_in_upload_folder=True)
    assert copied["path"] != str(private)
    shutil.rmtree(Path(copied["path"]).parent)


@pytest.mark.parametrize(
    "photo", [{"path": "/etc/passwd", "meta": META}, {"path": "/etc/passwd", "meta": 5}, "/etc/passwd", 7]
)
def test_private_event_explains_a_refused_payload(page: Page, photo: Any) -> None:
    """Every event of the page passes through the patches, and the answer is one of our texts, not an empty error."""
    answers = json.loads(page.press("quality-restoration-photo", [photo, ""], trigger="upload"))
    (output,) = [answer["output"] for answer in answers if answer["msg"] == "process_completed"]
    assert len(output["error"]) > 20
