"""Makes the loops of Gradio's queue sleep longer.

Gradio 6.31.0 polls for clicks a thousand times a second, even when idle, and each time takes the GIL from threads that
compute a picture.
"""

import gradio as gr

CLICK_POLL_INTERVAL_S = 0.005  # a click waits half of it on average
PROGRESS_POLL_INTERVAL_S = 0.5  # for updates by `gr.Progress`, which the demo does not use


def slow_down_polling(blocks: gr.Blocks) -> None:
    """Set both intervals on the queue of `blocks`."""
    blocks._queue.sleep_when_free = CLICK_POLL_INTERVAL_S
    blocks._queue.progress_update_sleep_when_free = PROGRESS_POLL_INTERVAL_S
