"""How the page's own events are wired: no API function, and nothing of Gradio's over what is being worked on.

Also how often Gradio looks for them.
"""

from typing import Any

import gradio as gr

PRIVATE_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
CLICK_POLL_INTERVAL_S = 0.005  # a click waits half of it on average
PROGRESS_POLL_INTERVAL_S = 0.5  # nothing here sends updates by `gr.Progress`


def build_if_open_js(slug: str) -> str:
    """Script before an event whose first input is a panel's photo: the panels that are not open wait until they are."""
    return f"(photo, ...more) => [document.getElementById('{slug}-photo')?.offsetParent ? photo : null, ...more]"


def slow_down_polling(blocks: gr.Blocks) -> None:
    """Gradio looks for clicks a thousand times a second, also at rest; threads that work on a picture are held up each
    time.
    """
    blocks._queue.sleep_when_free = CLICK_POLL_INTERVAL_S
    blocks._queue.progress_update_sleep_when_free = PROGRESS_POLL_INTERVAL_S
