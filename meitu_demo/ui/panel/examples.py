"""The photos to begin with, a strip of them below a panel's own: each is made at first use.

One for each thing that the panels can show: a portrait, the same damaged, two faces to choose from, and none at all.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import cv2
import gradio as gr
import numpy as np

from ...effects.degrade import degrade
from ...imaging import codec
from ...imaging.astronaut import load_astronaut, load_coffee
from ...spec import Image
from .. import stills
from ..context import Context
from ..events import PRIVATE
from ..guard import uploads
from ..texts import Texts
from ..trouble import in_words
from ..visits import Visit

THUMBNAIL = 96  # px
FACE = (slice(20, 260), slice(110, 350))  # of the astronaut, in rows and columns


def build(
    context: Context, slug: str, first: str, texts: Texts, photo: gr.Image, session: list[gr.components.Component]
) -> list[gr.events.Dependency]:
    """Lay the strip out, `first` in front, and wire it to `photo`; returns the events that set the photo."""

    def taking(name: str) -> Callable[..., Any]:
        async def take(request: gr.Request, tab: Any) -> str:
            with in_words(request):
                path = await anyio.to_thread.run_sync(example_file, name)
            context.mine.note(Visit.of(request, tab).session, Path(path))
            return path

        return take

    events = []
    with gr.Row(elem_classes="examples"):
        for name in sorted(PHOTOS, key=lambda name: name != first):
            element = f"{slug}-example" if name == first else f"{slug}-example-{name}"
            button = gr.Button(texts.word(f"photo.examples.{name}"), icon=thumbnail(name), size="sm", elem_id=element)
            events.append(button.click(taking(name), session[:1], photo, **PRIVATE))
    return events


def example_file(name: str) -> str:
    """Path of a copy of the example photo `name`, one of PHOTOS: a visitor's own, to be deleted with theirs."""
    return uploads.hand_out(f"{name}.jpg", _example(name))


@cache
def _example(name: str) -> bytes:
    return codec.encode(PHOTOS[name]())


@cache
def thumbnail(name: str) -> stills.Still:
    """What stands on the button, small; made from small pieces, so that a page costs next to nothing."""
    small = np.asarray(cv2.resize(PIECES[name](), (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA), np.uint8)
    return stills.put(f"example-{name}.jpg", codec.encode(small))


def _pair() -> Image:
    """The astronaut and, nearer and the other way round, the astronaut."""
    nearer = cv2.resize(load_astronaut()[:410, 50:460][:, ::-1], (512, 512), interpolation=cv2.INTER_CUBIC)
    return np.hstack([load_astronaut(), nearer])


PHOTOS: dict[str, Callable[[], Image]] = {
    "astronaut": load_astronaut,
    "degraded": lambda: degrade(load_astronaut()),
    "pair": _pair,
    "coffee": load_coffee,
}
PIECES: dict[str, Callable[[], Image]] = {
    "astronaut": lambda: load_astronaut()[FACE],
    "degraded": lambda: degrade(load_astronaut()[FACE]),
    "pair": lambda: _pair()[:, 190:702],
    "coffee": lambda: load_coffee()[:, 120:520],
}
