"""Options and scripts that several of the page's events share."""

from collections.abc import Iterable
from typing import Any

from ..domain.errors import ValueRejected

# Not an API function, and without Gradio's progress overlay.
PRIVATE_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

# For a gr.HTML that has events: buttons in it trigger them, and scripts (assets/js/triggers.js).
TRIGGER_JS = "window.connectTriggers(element, trigger)"
# Of an event after such a click: the action as the value of its output, or in place of the event's last input.
CLICKED_ACTION_JS = "() => window.clickedAction"
APPEND_ACTION_JS = "(...values) => [...values.slice(0, -1), window.clickedAction]"


def check_action(action: object, labels: Iterable[str], *more: str) -> str:
    """`action` if it starts a run: "run", one of the buttons' `labels` but "stop", or one of `more`.

    Raises ValueRejected for any other: a click whose action is lost must not become a new run, which may cost money.
    """
    if not isinstance(action, str) or action not in {"run", *labels, *more} - {"stop"}:
        raise ValueRejected()
    return action


def build_if_open_js(slug: str) -> str:
    """JavaScript for an event whose first input is a panel's photo: passes null for it while the panel is closed."""
    return f"(photo, ...more) => [document.getElementById('{slug}-photo')?.offsetParent ? photo : null, ...more]"
