"""Options and scripts that several of the page's events share."""

from typing import Any

# Not an API function, and without Gradio's progress overlay.
PRIVATE_EVENT: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def build_if_open_js(slug: str) -> str:
    """JavaScript for an event whose first input is a panel's photo: passes null for it while the panel is closed."""
    return f"(photo, ...more) => [document.getElementById('{slug}-photo')?.offsetParent ? photo : null, ...more]"
