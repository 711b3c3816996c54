"""Mounts the page on the web app with every patch in place. Written for Gradio 6.31.0.

Two patches, small enough to be here, make the page faster. Gradio calls `inspect.signature` on every component's
constructor, hundreds of times for each page load and each new session. And its queue polls for clicks a thousand times
a second, even when idle, and each time takes the GIL from threads that compute a picture.
"""

import inspect
import logging
from pathlib import Path
from types import FunctionType
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App

from . import PATCHED_GRADIO, payloads, route_allowlist, uploads

log = logging.getLogger(__name__)
CLICK_POLL_INTERVAL_S = 0.005  # a click waits half of it on average
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
    return route_allowlist.install(app, uploads_dir)


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
    blocks._queue.sleep_when_free = CLICK_POLL_INTERVAL_S
    blocks._queue.progress_update_sleep_when_free = PROGRESS_POLL_INTERVAL_S
