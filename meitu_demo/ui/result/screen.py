"""What a run's events hand to the page: the stage with what can be done next, and the call that it shows."""

from datetime import UTC, datetime
from typing import Any

import gradio as gr

from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.translations import translate
from . import stage

ScreenUpdate = tuple[str, Any]  # the stage, with what can be done next; the number of the call that is shown


def describe_repeat(key: str, handle: CallHandle | None, language: str) -> str:
    """The words at `result.<key>` with how long ago the call was made; "" where it is no repeated one."""
    if handle is None or not handle.is_duplicate:
        return ""
    return translate(f"result.{key}", language, ago=stage.format_ago(handle.started_at, datetime.now(UTC), language))


def build_update(html: str, *actions: str, call_id: int = FORCE_NONE) -> ScreenUpdate:
    """`shown` with the buttons that can be used now."""
    return stage.with_actions(html, actions), call_id or gr.skip()
