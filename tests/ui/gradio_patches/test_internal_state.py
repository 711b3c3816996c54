"""The parts of Gradio's state that the demo reads are still there and still mean the same."""

import time
from pathlib import Path

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI
from support.uvicorn_server import uvicorn_server

from meitu_demo.ui.gradio_patches.internal_state import end_streams, is_logged_in, page_load_trigger
from meitu_demo.ui.gradio_patches.mount import mount_patched

pytestmark = pytest.mark.gradio_internals


def test_login_tokens_are_those_that_gradio_hands_out(tmp_path: Path) -> None:
    """The cookies of a login count; no cookie, an invented token and one that was logged out do not."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("text")
    app = FastAPI()
    gradio_app = mount_patched(app, blocks, tmp_path, auth=("ann", "word"))
    with uvicorn_server(app) as url, httpx.Client(base_url=url) as client:
        client.post("/login", data={"username": "ann", "password": "word"})
        cookies = dict(client.cookies)
        assert is_logged_in(gradio_app, cookies)
        assert not is_logged_in(gradio_app, {})
        assert not is_logged_in(gradio_app, dict.fromkeys(cookies, "invented"))
        client.get("/logout")
        assert not is_logged_in(gradio_app, cookies)


def test_end_streams_ends_a_pages_heartbeat(tmp_path: Path) -> None:
    """A page's stream, which otherwise never ends, ends within seconds."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("text")
    app = FastAPI()
    gradio_app = mount_patched(app, blocks, tmp_path)
    with uvicorn_server(app) as url, httpx.stream("GET", f"{url}/gradio_api/heartbeat/page", timeout=60) as stream:
        lines = stream.iter_lines()
        assert "ALIVE" in next(lines)
        started_s = time.monotonic()
        end_streams(gradio_app)
        assert all(not line or "data" in line for line in lines)
        assert time.monotonic() - started_s < 20


def test_page_load_trigger_is_the_load_event_of_the_blocks_that_are_built() -> None:
    """It can be given to `gr.on` inside the Blocks, like their own `load`."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        text = gr.Textbox()
        gr.on([page_load_trigger()], lambda: "loaded", None, text)
    (event,) = blocks.config["dependencies"] if hasattr(blocks, "config") else blocks.get_config_file()["dependencies"]
    assert [target[1] for target in event["targets"]] == ["load"]
