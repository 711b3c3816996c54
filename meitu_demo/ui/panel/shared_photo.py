"""A panel's photo, and one photo for all panels: what is given in one is there in the others.

The browser does it alone: what travels is the name of a file that has been uploaded already. Another panel keeps what
it was given by itself.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from ..events import PRIVATE_EVENT


@dataclass(frozen=True, slots=True)
class ScreenComponents:
    """What a screen shows of a session: its photo, its stage, and whose invitation belongs on that.

    inputs: the controls, in the order of the endpoint's. run: the button that starts a run. given: the events after
    which a new photo stands in it. `change` will not do: a photo that is set here has changed as well, and it would go
    in circles.
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
