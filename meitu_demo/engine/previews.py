"""Renders previews, and the tiles of the templates' gallery, fast enough to follow the controls and the photo.

A preview is an endpoint's effect on a small copy of the photo. A panel that needs one suitable face shows the crop
around it, so that a small face fills the preview. The others show the whole photo. Every function blocks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np

from ..domain.errors import TemplateHasNoFace
from ..domain.model import Endpoint, FaceRequirement, Image, ImageLimits, Values
from ..photos import codec
from ..runtime import cpu_slots
from . import face_templates
from .contact_sheets import FaceCrop
from .effects.fuse import fuse
from .face_templates import TemplateInfo
from .imaging.faces import Face, find_faces, known_faces
from .sample_photos import load_astronaut

MAX_PREVIEW_PX = 768
PREVIEW_QUALITY = 85  # JPEG
TILE_FACE_PX = 160  # side of the visible square of a face before it is put on a tile
TILE_QUALITY = 85  # JPEG
SMALL_PHOTO_LIMITS = ImageLimits(min_side_px=1, max_side_px=MAX_PREVIEW_PX, max_bytes=500_000)


@dataclass(frozen=True, slots=True)
class Preview:
    """JPEGs of equal size (width, height); before is None if the effect moves the person to another frame."""

    before: bytes | None = field(repr=False)
    after: bytes = field(repr=False)
    size: tuple[int, int]


def needs_face_crop(endpoint: Endpoint) -> bool:
    """Whether the preview is of the face alone: `render_crop_preview`, else `render_photo_preview`."""
    return endpoint.face_requirement is FaceRequirement.SUITABLE


def render_crop_preview(endpoint: Endpoint, values: Values, face_crop: FaceCrop) -> Preview:
    """The effect on the crop; values are validated. Raises EngineRejection and ValueRejected."""
    with known_faces(face_crop.pixels, (face_crop.face,)):
        result = _apply(endpoint, values, face_crop.pixels)
    if endpoint.changes_framing:
        return _encode(None, result)
    return _encode(face_crop.crop_visible(face_crop.pixels), face_crop.crop_visible(result))


def render_photo_preview(steps: Sequence[tuple[Endpoint, Values]], source: bytes) -> Preview:
    """The effects, each on the result of the one before, on the encoded photo, shrunk; values are validated.

    Raises ImageRejected, EngineRejection and ValueRejected.
    """
    pixels = result = codec.decode(codec.prepare(source, SMALL_PHOTO_LIMITS).photo.data)
    for endpoint, values in steps:
        result = _resize(result, _fit_size(result))  # restoration enlarges
        result = _apply(endpoint, values, result)
    return _encode(None if any(endpoint.changes_framing for endpoint, _ in steps) else pixels, result)


def render_tiles(face_crop: FaceCrop) -> Iterator[bytes | None]:
    """The face on each template's tile, JPEGs in the gallery's order; None for an owner's template without a face."""
    small = face_crop.shrink_to(TILE_FACE_PX)
    for info in face_templates.list_templates():
        try:
            pixels = fuse(small.pixels, small.face, face_templates.load_tile(info))
        except TemplateHasNoFace:
            yield None
            continue
        yield codec.encode(pixels, TILE_QUALITY)


@cache
def render_example_tile(info: TemplateInfo) -> bytes:
    """The tile with the face of the example photo; an owner's picture as it is if it has no face."""
    try:
        pixels = fuse(load_astronaut(), _find_example_face(), face_templates.load_tile(info))
    except TemplateHasNoFace:
        pixels = face_templates.load_tile_picture(info)
    return codec.encode(pixels, TILE_QUALITY)


@cache
def _find_example_face() -> Face:
    return find_faces(load_astronaut())[0]


def _apply(endpoint: Endpoint, values: Values, pixels: Image) -> Image:
    with cpu_slots.effect_running():
        return endpoint.render_offline(pixels, values)


def _encode(before: Image | None, after: Image) -> Preview:
    size = _fit_size(after)
    small, *more = (
        codec.encode(_resize(pixels, size), PREVIEW_QUALITY) for pixels in (after, before) if pixels is not None
    )
    return Preview(more[0] if more else None, small, size)


def _fit_size(pixels: Image) -> tuple[int, int]:
    """(width, height) of `pixels`, shrunk to at most MAX_PREVIEW_PX."""
    scale = min(1.0, MAX_PREVIEW_PX / max(pixels.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    return width, height


def _resize(pixels: Image, size: tuple[int, int]) -> Image:
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
