"""Renders a preview: an endpoint's effect on a small copy of the photo, fast enough to follow the controls.

A panel that needs one suitable face shows the crop around it, so that a small face fills the preview. The others show
the whole photo. Every function blocks.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np

from ..domain.model import Endpoint, FaceRequirement, Image, ImageLimits, Values
from ..photos import codec
from ..runtime import cpu_slots
from .contact_sheets import FaceCrop

MAX_PREVIEW_PX = 768
PREVIEW_QUALITY = 85  # JPEG
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
    result = _apply(endpoint, values, face_crop.pixels)
    if endpoint.changes_framing:
        return _encode(None, result)
    return _encode(face_crop.crop_visible(face_crop.pixels), face_crop.crop_visible(result))


def render_photo_preview(endpoint: Endpoint, values: Values, source: bytes) -> Preview:
    """The effect on the encoded photo, shrunk; values are validated. Raises ImageRejected and EngineRejection."""
    pixels = codec.decode(codec.prepare(source, SMALL_PHOTO_LIMITS).photo.data)
    return _encode(None if endpoint.changes_framing else pixels, _apply(endpoint, values, pixels))


def _apply(endpoint: Endpoint, values: Values, pixels: Image) -> Image:
    with cpu_slots.effect_running():
        return endpoint.render_offline(pixels, values)


def _encode(before: Image | None, after: Image) -> Preview:
    scale = min(1.0, MAX_PREVIEW_PX / max(after.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in after.shape[:2])
    small, *more = (
        codec.encode(np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8),
        PREVIEW_QUALITY) for pixels in (after, before) if pixels is not None
    )  # fmt: skip
    return Preview(more[0] if more else None, small, (width, height))
