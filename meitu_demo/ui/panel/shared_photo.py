"""Shares one photo between all panels: a photo that is chosen in one appears in the others.

The browser does this alone, with the path of the uploaded file. A panel in which another photo was chosen keeps that.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ..events import PRIVATE_EVENT


@dataclass(frozen=True, slots=True)
class ScreenComponents:
    """A screen's name and the components that other screens use.

    inputs: the controls, in the order of the endpoint's. photo_events: the events after which there is a new photo;
    not `photo.change`, because sharing a photo changes it as well and would loop.
    """

    name: str
    photo: gr.Image
    result_view: gr.HTML
    photo_events: tuple[gr.events.Dependency, ...] = ()
    inputs: tuple[gr.components.Component, ...] = ()
    run_button: gr.Button | None = None


def share_photo(panels: Sequence[ScreenComponents]) -> None:
    """Wire the photos of `panels` to each other; the script is in assets/js/photo.js."""
    for panel in panels:
        others = [other for other in panels if other is not panel]
        names = json.dumps([panel.name, *(other.name for other in others)])
        photos = [other.photo for other in others]
        wiring: dict[str, Any] = {
            "inputs": [panel.photo, *photos], "outputs": photos,
            "js": f"(...photos) => window.sharePhoto({names}, photos)", **PRIVATE_EVENT,
        }  # fmt: skip
        panel.photo.input(None, **wiring)
        for event in panel.photo_events:
            event.then(None, **wiring)
