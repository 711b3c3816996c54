"""The intervals at which Gradio's queue polls."""

import asyncio
from collections import Counter

import gradio as gr
import pytest
from gradio import queueing

from meitu_demo.ui.gradio_patches.mount import CLICK_POLL_INTERVAL_S, PROGRESS_POLL_INTERVAL_S, slow_down_polling

pytestmark = pytest.mark.gradio_internals


async def test_both_loops_of_gradios_queue_sleep_for_the_intervals_that_were_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They would not if Gradio had renamed an attribute."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("text")
    blocks.queue()
    slow_down_polling(blocks)
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
    await asyncio.wait_for(finished.wait(), 5)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    assert set(slept) == {CLICK_POLL_INTERVAL_S, PROGRESS_POLL_INTERVAL_S}
