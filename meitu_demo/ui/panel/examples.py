"""Example photos, as a strip of buttons next to a screen's photo; each is created at first use.

There are a portrait, the same portrait degraded, two faces to choose from, and a photo without a face.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import Any

import cv2
import gradio as gr
import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from ...domain.model import Endpoint, Image, Photo
from ...domain.recipe import parse_recipe
from ...endpoints import CATALOGUE
from ...engine.imaging.comparison import align_to_result
from ...engine.imaging.faces import find_faces
from ...engine.sample_photos import degrade, load_astronaut, load_coffee
from ...photos import codec
from ...runtime import cpu_slots
from ..gradio_patches import static_images
from ..html import render
from ..texts import PageTranslations

THUMBNAIL_PX, THUMBNAIL_QUALITY = 96, 85  # JPEG
MIN_EXAMPLE_PX, MAX_EXAMPLE_PX, EXAMPLE_QUALITY = 480, 720, 85  # JPEG: 60 kB each, on the first screen
EXAMPLE_SCREENS = (*CATALOGUE, "recipe", "mirror")  # that show what they make of the example photo
INITIAL_SHAPES = ((8, 0.6), (7, 0.5), (14, 0.0))  # the mirror's at its start, with their strengths: eyes, jaw, nose
# Bigger eyes, slimmer jaw, restoration: the recipe that new visitors see.
EXAMPLE_RECIPE = """{"recipe": 1, "steps": [
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "8", "strength": 0.4}},
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "7", "strength": 0.3}},
  {"endpoint": "quality_restoration"}]}"""
FACE_SHARE = 0.62  # of the frame, for a reshaped face; as where a result is opened (assets/js/comparison.js)
FACE_REGION = (slice(20, 260), slice(110, 350))  # rows and columns of the astronaut's face

_rendering = threading.Lock()


def build_examples(screen: str, slug: str, default_name: str, texts: PageTranslations) -> None:
    """Lay out the strip, `default_name` first. screen: the name of its `ScreenComponents`. slug: of the element ids.

    `ui.panel.shared_photo` sets the photo after a click.
    """
    names = sorted(EXAMPLE_PHOTOS, key=lambda name: name != default_name)
    images = {name: render_thumbnail(name) for name in names}
    gr.HTML(
        texts.render(
            f"{slug}-examples",
            lambda language: render("screens.examples", language, screen=screen, slug=slug, images=images),
        ),
        elem_id=f"{slug}-examples", elem_classes=["unstyled", "example-strip"], apply_default_css=False,
    )  # fmt: skip


def render_example_css() -> str:
    """A style rule for each example: `--example` is its picture in the screens that open with it.

    The picture's address is relative to the style sheet's, which is in `assets/`.
    """
    urls = {name: f"../{render_thumbnail(name)}" for name in EXAMPLE_PHOTOS}
    return "".join(f".example-{name} {{ --example: url({url}) }}" for name, url in urls.items())


@cache
def encode_example(name: str) -> bytes:
    """The photo `name` in EXAMPLE_PHOTOS as a JPEG."""
    return codec.encode(EXAMPLE_PHOTOS[name]())


@cache
def render_thumbnail(name: str) -> str:
    """The URL of the button's icon, cut from a small region, so that building a page is cheap."""

    def render() -> bytes:
        size = (THUMBNAIL_PX, THUMBNAIL_PX)
        return codec.encode(
            np.asarray(cv2.resize(THUMBNAIL_SOURCES[name](), size, interpolation=cv2.INTER_AREA), np.uint8),
            THUMBNAIL_QUALITY,
        )

    return static_images.register_image(f"example-{name}.jpg", render)


async def serve_example_result(request: Request) -> Response:
    """The example photo before or after a screen's effect, as a square JPEG; drawn at the first request."""
    screen, side = request.path_params["screen"], request.path_params["side"]
    if screen not in EXAMPLE_SCREENS or side not in ("before", "after"):
        return Response(status_code=404)
    pictures = await cpu_slots.run_in_worker(_load_example_result, screen)
    return Response(pictures[side], media_type="image/jpeg", headers={"cache-control": "private, max-age=3600"})


def draw_first_screen(stop: threading.Event) -> None:
    """Draw what a new visitor sees first, which takes seconds in a new process: the first panel's example, all tiles.

    For a thread of its own. Ends early, between two pictures, when `stop` is set.
    """
    drawings: list[Callable[[], object]] = [partial(_load_example_result, EXAMPLE_SCREENS[0])]
    for draw in drawings + static_images.list_renderers():
        if stop.is_set():
            return
        with suppress(OSError):  # an owner's picture that is gone is reported when somebody asks for it
            draw()


def _load_example_result(screen: str) -> dict[str, bytes]:
    with _rendering:  # both sides are asked for at once
        return _render_example_result(screen)


@cache
def _render_example_result(screen: str) -> dict[str, bytes]:
    """The two pictures, an endpoint's with the default values; a change of the face alone is shown enlarged."""
    steps = _list_example_steps(screen)
    pixels = result = EXAMPLE_PHOTOS[CATALOGUE[screen].example_photo if screen in CATALOGUE else "astronaut"]()
    for endpoint, values in steps:
        with cpu_slots.effect_running():
            result = endpoint.render_offline(result, endpoint.validate(values))
    if steps[-1][0].changes_framing:
        photos = (
            Photo(codec.encode(image), "image/jpeg", image.shape[1], image.shape[0]) for image in (pixels, result)
        )
        pixels = codec.decode(align_to_result(*photos, changes_framing=True))
    if not steps[0][0].changes_geometry:
        return {"before": _encode_square(pixels), "after": _encode_square(result)}
    box = find_faces(pixels)[0].box
    scale = result.shape[0] / pixels.shape[0]  # restoration enlarges
    return {
        side: _encode_square(_crop_face(image, [factor * edge for edge in box]))
        for side, image, factor in (("before", pixels, 1.0), ("after", result, scale))
    }


def _list_example_steps(screen: str) -> list[tuple[Endpoint, Mapping[str, Any]]]:
    if screen == "recipe":
        return [(step.endpoint, step.values) for step in parse_recipe(EXAMPLE_RECIPE, CATALOGUE).enabled_steps]
    if screen == "mirror":
        return [
            (CATALOGUE["facial_aesthetics"], {"shape_type": shape, "strength": strength})
            for shape, strength in INITIAL_SHAPES
        ]
    return [(CATALOGUE[screen], {})]


def _crop_face(pixels: Image, box: Sequence[float]) -> Image:
    """A square in which the face in `box` (left, top, right, bottom in pixels) takes FACE_SHARE of a side."""
    left, top, right, bottom = box
    side = round(max(right - left, bottom - top) / FACE_SHARE)
    x, y = (max(0, round((low + high - side) / 2)) for low, high in ((left, right), (top, bottom)))
    return pixels[y : y + side, x : x + side]


def _encode_square(pixels: Image) -> bytes:
    """The largest square at the top and in the middle, made MIN_EXAMPLE_PX to MAX_EXAMPLE_PX wide."""
    height, width = pixels.shape[:2]
    side = min(height, width)
    left = (width - side) // 2
    square = np.ascontiguousarray(pixels[:side, left : left + side])
    width_px = min(max(side, MIN_EXAMPLE_PX), MAX_EXAMPLE_PX)
    interpolation = cv2.INTER_AREA if width_px < side else cv2.INTER_CUBIC
    resized = cv2.resize(square, (width_px, width_px), interpolation=interpolation)
    return codec.encode(np.asarray(resized, np.uint8), EXAMPLE_QUALITY)


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
