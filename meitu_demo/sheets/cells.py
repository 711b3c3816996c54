"""The pictures of a sheet, each a small JPEG, and the preview. Only the package's door imports it. All of it blocks."""

from collections.abc import Iterator

import cv2
import numpy as np

from .. import templates
from ..domain.errors import TemplateHasNoFace
from ..domain.model import Image
from ..domain.vendor_codes import load_shapes
from ..effects.fuse import fuse
from ..effects.reshape import reshape
from ..photos import codec
from .closeup import FaceCrop

THUMBNAIL_PX = 208  # px, the side of a shape's cell and the width of a template's
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
THUMBNAIL_QUALITY = 82  # of a JPEG that lives as long as a look


def render_preview(face_crop: FaceCrop, shape_type: int, strength: float) -> bytes:
    """The face with one shape, a JPEG of up to `closeup.MAX_VISIBLE_PX` px. Raises ValueRejected."""
    return _encode_jpeg(face_crop.crop_visible(reshape(face_crop.pixels, face_crop.face, shape_type, strength)))


def render_shapes(face_crop: FaceCrop) -> Iterator[bytes]:
    """Each shape at full strength, in the catalogue's order."""
    small = face_crop.shrink_to(THUMBNAIL_PX)
    for shape in load_shapes():
        yield render_preview(small, shape.id, 1.0)


def render_strengths(face_crop: FaceCrop, shape_type: int) -> Iterator[bytes]:
    """One shape at each of STRENGTHS. Raises ValueRejected."""
    small = face_crop.shrink_to(THUMBNAIL_PX)
    for strength in STRENGTHS:
        yield render_preview(small, shape_type, strength)


def render_templates(face_crop: FaceCrop) -> Iterator[bytes | None]:
    """The face on each template, in the gallery's order; None for one of the owner's without a face."""
    for info in templates.list_templates():
        try:
            template = templates.load_template(info.id)
        except TemplateHasNoFace:
            yield None
            continue
        fused = fuse(face_crop.pixels, face_crop.face, template)
        height = round(fused.shape[0] * THUMBNAIL_PX / fused.shape[1])
        yield _encode_jpeg(
            np.asarray(cv2.resize(fused, (THUMBNAIL_PX, height), interpolation=cv2.INTER_AREA), np.uint8)
        )


def _encode_jpeg(pixels: Image) -> bytes:
    return codec.encode(pixels, THUMBNAIL_QUALITY)
