"""Settings that the page's own events share."""

from typing import Any

# No API function, and no progress overlay of Gradio's over the component.
PRIVATE_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build_if_open_js(slug: str) -> str:
    """JavaScript for an event whose first input is a panel's photo: passes no photo until the panel is open."""
    return f"(photo, ...more) => [document.getElementById('{slug}-photo')?.offsetParent ? photo : null, ...more]"
