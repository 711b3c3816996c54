"""Mounts the page on the web app with every patch in place. Written for Gradio 6.31.0."""

import logging
from pathlib import Path
from typing import Any

import gradio as gr
from fastapi import FastAPI
from gradio.routes import App

from . import PATCHED_GRADIO, payloads, polling, route_allowlist, signatures, uploads

log = logging.getLogger(__name__)


def mount_patched(app: FastAPI, blocks: gr.Blocks, uploads_dir: Path, **options: Any) -> App:
    """Mount `blocks` at the root of `app`, as the last of its routes; returns Gradio's own app.

    options: those of `gr.mount_gradio_app`.
    """
    if gr.__version__ != PATCHED_GRADIO:
        log.warning("Gradio %s is installed, but the patches were written for %s", gr.__version__, PATCHED_GRADIO)
    uploads.isolate_uploads()
    signatures.cache_signatures(blocks)
    gr.mount_gradio_app(app, blocks, path="/", **options)
    payloads.patch_payloads(blocks)
    polling.slow_down_polling(blocks)
    return route_allowlist.install(app, uploads_dir)
