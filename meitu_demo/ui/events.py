"""How the page's own events are wired: no API function, and nothing of Gradio's over what is being worked on."""

from typing import Any

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


def if_open(slug: str) -> str:
    """Script before an event whose first input is a panel's photo: the panels that are not open wait until they are."""
    return f"(photo, ...more) => [document.getElementById('{slug}-photo')?.offsetParent ? photo : null, ...more]"
