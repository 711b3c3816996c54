"""How often Gradio looks for clicks: what is set is what its loops go by."""

import asyncio
from collections import Counter

import gradio as gr
import pytest
from gradio import queueing

from meitu_demo.ui.gradio_patches.polling import CLICK_POLL_INTERVAL_S, PROGRESS_POLL_INTERVAL_S, slow_down_polling


async def test_gradio_looks_as_often_as_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of its loops sleep for what was set, which it would not if an attribute had another name by now."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        gr.HTML("text")
    blocks.queue()
    slow_down_polling(blocks)
    asked = Counter[float]()
    ended, sleep = asyncio.Event(), asyncio.sleep

    async def counting(seconds: float) -> None:
        if asyncio.current_task() not in loops:  # a server in a thread of the same process sleeps there too
            return await sleep(seconds)
        asked[seconds] += 1
        if asked.total() > 20:
            ended.set()
        await sleep(0)

    monkeypatch.setattr(queueing.asyncio, "sleep", counting)
    blocks._queue.active_jobs = [None]
    loops = [
        asyncio.create_task(start()) for start in (blocks._queue.start_processing, blocks._queue.start_progress_updates)
    ]
    await asyncio.wait_for(ended.wait(), 5)
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    assert set(asked) == {CLICK_POLL_INTERVAL_S, PROGRESS_POLL_INTERVAL_S}
