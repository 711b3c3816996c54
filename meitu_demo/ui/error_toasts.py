"""Error toasts: messages above the page, for failures of events that have no result view."""

from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr

from ..calls.run_log import report_failure
from ..domain.errors import DemoError
from .texts import detect_language


@contextmanager
def as_toasts(request: gr.Request | None) -> Iterator[None]:
    """Wraps an event's work: turns a DemoError into a gr.Error with its explanation in the request's language."""
    try:
        yield
    except DemoError as error:
        text = report_failure(error, detect_language(request), is_billable=False).as_text()
        raise gr.Error(text, duration=None, print_exception=False) from None
