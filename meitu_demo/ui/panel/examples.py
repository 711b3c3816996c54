"""Example photos, as a strip of buttons below a panel's photo; each is created at first use.

There are a portrait, the same portrait degraded, two faces to choose from, and a photo without a face.
"""

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import cv2
import gradio as gr
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from ...domain.model import Image, Photo
from ...endpoints import CATALOGUE
from ...engine.imaging.comparison import align_to_result
from ...engine.sample_photos import degrade, load_astronaut, load_coffee
from ...photos import codec
from ...runtime import cpu_slots
from ..caller import identify_caller
from ..context import Context
from ..error_toasts import as_toasts
from ..events import PRIVATE_EVENT
from ..gradio_patches import static_images, uploads
from ..texts import PageTranslations

THUMBNAIL_PX, THUMBNAIL_QUALITY = 96, 85  # JPEG
MAX_EXAMPLE_PX, EXAMPLE_QUALITY = 720, 85  # JPEG: 60 kB each, on the first screen
EXAMPLE_REGION = (slice(0, 300), slice(80, 380))  # rows and columns of the astronaut's head
FACE_REGION = (slice(20, 260), slice(110, 350))  # rows and columns of the astronaut's face

_rendering = threading.Lock()


def build_examples(
    context: Context,
    slug: str,
    default_name: str,
    texts: PageTranslations,
    photo: gr.Image,
    session_inputs: list[gr.components.Component],
) -> list[gr.events.Dependency]:
    """Lay out the strip, `default_name` first, and wire it to `photo`; returns the events that set the photo."""

    def make_example_handler(name: str) -> Callable[..., Any]:
        async def load_example(request: gr.Request, tab: Any) -> str:
            with as_toasts(request):
                path = await anyio.to_thread.run_sync(write_example_file, name)
            context.session_data.track(identify_caller(request, tab).session_id, Path(path))
            return path

        return load_example

    events = []
    with gr.Row(elem_classes="examples"):
        for name in sorted(EXAMPLE_PHOTOS, key=lambda name: name != default_name):
            element_id = f"{slug}-example" if name == default_name else f"{slug}-example-{name}"
            button = gr.Button(
                texts.get_text(f"photo.examples.{name}"), icon=render_thumbnail(name), size="sm", elem_id=element_id
            )
            events.append(button.click(make_example_handler(name), session_inputs[:1], photo, **PRIVATE_EVENT))
    return events


def write_example_file(name: str) -> str:
    """Write a copy of the photo `name` in EXAMPLE_PHOTOS as an upload of one visitor; returns its path."""
    return uploads.write_upload(f"{name}.jpg", _encode_example(name))


@cache
def _encode_example(name: str) -> bytes:
    return codec.encode(EXAMPLE_PHOTOS[name]())


@cache
def render_thumbnail(name: str) -> static_images.GradioImage:
    """The button's icon, cut from a small region, so that building a page is cheap."""

    def render() -> bytes:
        size = (THUMBNAIL_PX, THUMBNAIL_PX)
        return codec.encode(
            np.asarray(cv2.resize(THUMBNAIL_SOURCES[name](), size, interpolation=cv2.INTER_AREA), np.uint8),
            THUMBNAIL_QUALITY,
        )

    return static_images.register_image(f"example-{name}.jpg", render)


async def serve_example_result(request: Request) -> Response:
    """The example photo before or after an endpoint's effect, as a square JPEG; drawn at the first request."""
    endpoint, side = CATALOGUE.get(request.path_params["endpoint"]), request.path_params["side"]
    if endpoint is None or side not in ("before", "after"):
        return Response(status_code=404)
    pictures = await cpu_slots.run_in_worker(_load_example_result, endpoint.id)
    return Response(pictures[side], media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})


def _load_example_result(endpoint_id: str) -> dict[str, bytes]:
    with _rendering:  # both sides are asked for at once
        return _render_example_result(endpoint_id)


@cache
def _render_example_result(endpoint_id: str) -> dict[str, bytes]:
    """The two pictures with the default values; a change of the face alone is shown enlarged."""
    endpoint = CATALOGUE[endpoint_id]
    pixels = EXAMPLE_PHOTOS[endpoint.example_photo]()
    with cpu_slots.effect_running():
        result = endpoint.render_offline(pixels, endpoint.validate({}))
    if endpoint.changes_framing:
        photos = (
            Photo(codec.encode(image), "image/jpeg", image.shape[1], image.shape[0]) for image in (pixels, result)
        )
        pixels = codec.decode(align_to_result(*photos, changes_framing=True))
    region = EXAMPLE_REGION if endpoint.changes_geometry else (slice(None), slice(None))
    return {"before": _encode_square(pixels[region]), "after": _encode_square(result[region])}


def _encode_square(pixels: Image) -> bytes:
    """The largest square at the top and in the middle, at most MAX_EXAMPLE_PX wide."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    left = (width - side) // 2
    square = np.ascontiguousarray(pixels[:side, left : left + side])
    if side > MAX_EXAMPLE_PX:
        square = np.asarray(
            cv2.resize(square, (MAX_EXAMPLE_PX, MAX_EXAMPLE_PX), interpolation=cv2.INTER_AREA), np.uint8
        )
    return codec.encode(square, EXAMPLE_QUALITY)


def _build_two_faces() -> Image:
    """The astronaut, and next to it the same face larger and mirrored."""
    mirrored = cv2.resize(load_astronaut()[:410, 50:460][:, ::-1], (512, 512), interpolation=cv2.INTER_CUBIC)
    return np.hstack([load_astronaut(), mirrored])


EXAMPLE_PHOTOS: dict[str, Callable[[], Image]] = {
    "astronaut": load_astronaut,
    "degraded": lambda: degrade(load_astronaut()),
    "pair": _build_two_faces,
    "coffee": load_coffee,
}
THUMBNAIL_SOURCES: dict[str, Callable[[], Image]] = {
    "astronaut": lambda: load_astronaut()[FACE_REGION],
    "degraded": lambda: degrade(load_astronaut()[FACE_REGION]),
    "pair": lambda: _build_two_faces()[:, 190:702],
    "coffee": lambda: load_coffee()[:, 120:520],
}
