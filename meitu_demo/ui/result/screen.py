"""What a run's events hand to the page: the stage with what can be done next, and the call that it shows."""

from datetime import UTC, datetime
from typing import Any

import gradio as gr

from ...desk import FORCE_NONE, CallHandle
from ...words import translate
from . import stage

Update = tuple[str, Any]  # the stage, with what can be done next; the number of the call that is shown


def remark_of(key: str, ticket: CallHandle | None, language: str) -> str:
    """The words at `result.<key>` with how long ago the call was made; "" where it is no repeated one."""
    if ticket is None or not ticket.is_duplicate:
        return ""
    return translate(f"result.{key}", language, ago=stage.ago(ticket.started_at, datetime.now(UTC), language))


def screen(shown: str, *can: str, number: int = FORCE_NONE) -> Update:
    """`shown` with the buttons that can be used now."""
    return stage.offering(shown, can), number or gr.skip()
