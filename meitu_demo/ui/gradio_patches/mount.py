"""Mounts the page on the web app with every patch in place. Written for Gradio 6.31.0.

Three patches, small enough to be here, make the demo faster. Gradio builds its web app, of 80 routes, four times: when
blocks are created, closed, given a queue and mounted. It calls `inspect.signature` on every component's constructor,
hundreds of times for each page load and each new session. And its queue polls for events a thousand times a second,
even when idle, and each time takes the GIL from threads that compute a picture: so an event is started when it is
queued, and the polling, for events that found all slots taken, is slow.
"""

import inspect
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.queueing import Event, Queue
from gradio.routes import App
from gradio.utils import run_coro_in_background, set_task_name

from . import PATCHED_GRADIO, payloads, route_allowlist, uploads

log = logging.getLogger(__name__)
QUEUE_POLL_INTERVAL_S = 0.05  # for a free slot, when as many events run as may
PROGRESS_POLL_INTERVAL_S = 0.5  # for updates by `gr.Progress`, which the demo does not use


def mount_patched(app: FastAPI, blocks: gr.Blocks, uploads_dir: Path, **options: Any) -> App:
    """Mount `blocks` at the root of `app`, as the last of its routes; returns Gradio's own app.

    options: those of `gr.mount_gradio_app`.
    """
    if gr.__version__ != PATCHED_GRADIO:
        log.warning("Gradio %s is installed, but the patches were written for %s", gr.__version__, PATCHED_GRADIO)
    uploads.isolate_uploads()
    cache_signatures(blocks)
    gr.mount_gradio_app(app, blocks, path="/", **options)
    payloads.patch_payloads(blocks)
    slow_down_polling(blocks)
    start_events_at_once(blocks)
    blocks.app = route_allowlist.install(app, uploads_dir)
    return blocks.app


@contextmanager
def web_app_at_mount() -> Iterator[None]:
    """Blocks that are built in this block get no web app before `mount_patched`."""
    create_app = App.create_app
    App.create_app = staticmethod(lambda *args, **kwargs: None)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        App.create_app = staticmethod(create_app)  # type: ignore[method-assign]


def cache_signatures(blocks: gr.Blocks) -> None:
    """Cache the signature of each constructor of the components in `blocks`, base classes included.

    `inspect.signature` returns `__signature__` where there is one (PEP 362).
    """
    for component_class in {base for block in blocks.blocks.values() for base in type(block).__mro__}:
        constructor = vars(component_class).get("__init__")
        if isinstance(constructor, FunctionType):
            constructor.__signature__ = inspect.signature(constructor)  # type: ignore[attr-defined]


def slow_down_polling(blocks: gr.Blocks) -> None:
    """Make the loops of the queue of `blocks` sleep longer."""
    blocks._queue.sleep_when_free = QUEUE_POLL_INTERVAL_S
    blocks._queue.progress_update_sleep_when_free = PROGRESS_POLL_INTERVAL_S


def start_events_at_once(blocks: gr.Blocks) -> None:
    """Make the queue of `blocks` start an event as it is pushed, if a slot is free, as its loop does at a poll."""
    queue = blocks._queue
    push = queue.push

    async def push_and_start(**arguments: Any) -> Any:
        answer = await push(**arguments)
        async with queue.delete_lock:
            batch = queue.get_events() if None in queue.active_jobs else None
        if batch:
            _start_events(queue, *batch)
        return answer

    queue.push = push_and_start  # type: ignore[method-assign,assignment]


def _start_events(queue: Queue, events: list[Event], is_batch: bool, concurrency_id: str) -> None:
    first, start_time = events[0], time.time()
    queue.active_jobs[queue.active_jobs.index(None)] = events
    event_queue = queue.event_queue_per_concurrency_id[concurrency_id]
    event_queue.current_concurrency += 1
    event_queue.start_times_per_fn[first.fn].add(start_time)
    task = run_coro_in_background(queue.process_events, events, is_batch, start_time, first.fn)
    set_task_name(task, first.session_hash, first.fn._id, first._id, is_batch)
    queue._asyncio_tasks.add(task)
    task.add_done_callback(queue._asyncio_tasks.discard)
