"""Sets the screens' photos from the browser: one photo for all panels, an example, the one before, or after a reload.

A photo that is chosen in one panel appears in the others. The browser does this alone, with the path of the uploaded
file. A panel in which another photo was chosen keeps that.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import gradio as gr

from ..caller import identify_caller
from ..context import Context
from ..error_toasts import as_toasts
from ..events import PRIVATE_EVENT
from .examples import EXAMPLE_PHOTOS, encode_example

# Reads which example was clicked, and in which screen, from a variable of assets/js/photo.js.
CHOSEN_EXAMPLE_JS = "(_, __, tab) => [window.chosenExample?.name ?? '', window.chosenExample?.screen ?? '', tab]"


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


def build(context: Context, screens: Sequence[ScreenComponents], tab_id: gr.components.Component) -> None:
    """Wire the photos of `screens` to each other and to the examples; the script is assets/js/photo.js."""
    photos = [screen.photo for screen in screens]
    names = [screen.name for screen in screens]
    for screen in screens:
        others = [other for other in screens if other is not screen]
        # Its own photo is no output: when it is removed, Gradio still tells the old one.
        wiring: dict[str, Any] = {
            "inputs": [screen.photo, *(other.photo for other in others)],
            "outputs": [other.photo for other in others],
            "js": f"(...photos) => window.sharePhoto({json.dumps([screen.name, *(other.name for other in others)])}, photos)",  # noqa: E501
            **PRIVATE_EVENT,
        }
        screen.photo.input(None, **wiring)
        for event in screen.photo_events:
            event.then(None, **wiring)

    async def load_example(request: gr.Request, name: Any, screen_name: Any, tab: Any) -> list[Any]:
        if name not in EXAMPLE_PHOTOS:
            return [gr.skip() for _ in screens]
        with as_toasts(request):
            data = await anyio.to_thread.run_sync(encode_example, name)
            path = await context.write_upload(identify_caller(request, tab), f"{name}.jpg", data)
        return [path if screen.name == screen_name else gr.skip() for screen in screens]

    name = screen_name = tab_id  # a field of text, whose value the script replaces
    example_button = gr.Button(visible="hidden", elem_id="load-example")
    example_event = example_button.click(
        load_example, [name, screen_name, tab_id], photos, js=CHOSEN_EXAMPLE_JS, preprocess=False, **PRIVATE_EVENT
    )
    example_event.then(
        None, photos, photos, js=f"(...photos) => window.shareExample({json.dumps(names)}, photos)", **PRIVATE_EVENT
    )
    set_button = gr.Button(visible="hidden", elem_id="set-photos")
    set_button.click(
        None, photos, photos, js=f"(...photos) => window.setPhotos({json.dumps(names)}, photos)", **PRIVATE_EVENT
    )
