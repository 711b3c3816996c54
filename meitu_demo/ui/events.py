"""How the page's own events are wired: no API function, and nothing of Gradio's over what is being worked on."""

from typing import Any

PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
