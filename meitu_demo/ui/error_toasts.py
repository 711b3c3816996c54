"""Failures of events that have no stage to explain them on: they become a message above the page, which stays."""

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from ..calls import run_log
from ..domain.errors import DemoError
from ..domain.explanations import explain
from .texts import detect_language


@contextmanager
def as_toasts(request: gr.Request | None) -> Iterator[None]:
    """Around what an event does. Raises gr.Error with the explanation, in the language of the request."""
    try:
        yield
    except DemoError as error:
        run_log.log_unattributed_failure(error, "")
        text = explain(error, detect_language(request), is_billable=False).as_text()
        raise gr.Error(text, duration=None, print_exception=False) from None
