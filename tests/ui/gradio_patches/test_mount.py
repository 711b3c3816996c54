"""`mount`: the version of Gradio that the patches are for, their installation, cached signatures, queue polling."""

import asyncio
import inspect
import logging
import re
from collections import Counter
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from gradio import queueing, route_utils
from gradio.data_classes import PredictBodyInternal
from gradio.routes import App

from meitu_demo.ui.gradio_patches import PATCHED_GRADIO, mount, uploads

pytestmark = pytest.mark.gradio_internals
PROJECT = Path(__file__).resolve().parents[3]


def test_patches_are_for_the_gradio_that_is_pinned_and_installed() -> None:
    """After an upgrade this fails first: run these tests against the new version, then change `PATCHED_GRADIO`."""
    pinned = re.findall(r"^gradio==(\S+)", (PROJECT / "requirements.txt").read_text("utf-8"), re.MULTILINE)
    assert [gr.__version__, *pinned] == [PATCHED_GRADIO] * 2


def test_mount_warns_about_another_version_of_gradio(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names both versions; with the right version it says nothing."""
    caplog.set_level(logging.WARNING, mount.log.name)

    def mount_a_page() -> list[str]:
        with gr.Blocks(analytics_enabled=False) as blocks:
            gr.HTML("text")
        caplog.clear()
        mount.mount_patched(FastAPI(), blocks, tmp_path)
        return [record.getMessage() for record in caplog.records if record.name == mount.log.name]

    assert mount_a_page() == []
    assert route_utils.GradioUploadFile is uploads.IsolatedUpload
    monkeypatch.setattr(mount, "PATCHED_GRADIO", "5.0.0")
    (message,) = mount_a_page()
    assert gr.__version__ in message
    assert "5.0.0" in message


def test_web_app_at_mount_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is the one that is mounted, also for the queue; afterwards Gradio builds its apps as before."""
    built: list[App] = []
    init = App.__init__

    def note(self: App, *args: Any, **kwargs: Any) -> None:
        built.append(self)
        init(self, *args, **kwargs)

    monkeypatch.setattr(App, "__init__", note)
    with mount.web_app_at_mount():
        with gr.Blocks(analytics_enabled=False) as blocks:
            gr.HTML("text")
        blocks.queue()
    assert built == []
    assert [mount.mount_patched(FastAPI(), blocks, tmp_path), blocks.app] == built * 2
    assert isinstance(gr.Blocks(analytics_enabled=False).app, App)


def test_cache_signatures_leaves_the_configuration_unchanged() -> None:
    """Even if a subclass passes parameters on; and no constructor is inspected again."""

    class CustomSlider(gr.Slider):
        def __init__(self, extra: int = 7, **kwargs: object) -> None:
            self.extra = extra
            super().__init__(**kwargs)  # type: ignore[arg-type]

    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.Slider(0, 1, 0.5, label="strength")
        gr.Image(label="photo", sources=["upload"])
        gr.HTML("text")
        custom = CustomSlider(9)
    before = {number: block.get_config() for number, block in blocks.blocks.items()}
    mount.cache_signatures(blocks)
    assert {number: block.get_config() for number, block in blocks.blocks.items()} == before
    assert before[custom._id]["extra"] == 9
    for component_class in (gr.Slider, gr.Image, gr.HTML, CustomSlider):
        assert inspect.signature(component_class.__init__) is inspect.signature(component_class.__init__)


async def test_slow_down_polling_sets_the_intervals_of_both_queue_loops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both loops of Gradio's queue sleep for our intervals; they would not if Gradio had renamed an attribute."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("text")
    blocks.queue()
    mount.slow_down_polling(blocks)
    slept = Counter[float]()
    finished, sleep = asyncio.Event(), asyncio.sleep

    async def count_sleep(seconds: float) -> None:
        if asyncio.current_task() not in loops:  # a server in another thread of this process sleeps as well
            return await sleep(seconds)
        slept[seconds] += 1
        if slept.total() > 20:
            finished.set()
        await sleep(0)

    monkeypatch.setattr(queueing.asyncio, "sleep", count_sleep)
    blocks._queue.active_jobs = [None]
    loops = [
        asyncio.create_task(start()) for start in (blocks._queue.start_processing, blocks._queue.start_progress_updates)
    ]
    await asyncio.wait_for(finished.wait(), 60)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    assert set(slept) == {mount.QUEUE_POLL_INTERVAL_S, mount.PROGRESS_POLL_INTERVAL_S}


async def test_start_events_at_once_waits_for_no_poll() -> None:
    """An event starts before its push returns, under the name by which it is cancelled, and only where a place is."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.api(lambda: "text", api_name="read", concurrency_limit=1)  # type: ignore[attr-defined]
    blocks.queue()
    queue: Any = blocks._queue
    started: list[str] = []

    async def process_events(events: list[queueing.Event], *_: object) -> None:
        task = asyncio.current_task()
        assert task is not None
        started.append(task.get_name())

    async def push() -> str:
        body = PredictBodyInternal(data=[], fn_index=0, session_hash="one")
        return str((await queue.push(body=body, request=None, username=None))[1])

    queue.process_events = process_events
    mount.start_events_at_once(blocks)
    before_start = await push()
    queue.active_jobs = [None, None]
    await push()
    await asyncio.wait(queue._asyncio_tasks)
    assert started == [f"one_0<gradio-sep>{before_start}"]
    assert [None in queue.active_jobs, len(queue)] == [True, 1]
