"""The pictures of a sheet, each a small JPEG, and the preview. Only the package's door imports it. All of it blocks."""

from collections.abc import Iterator

import cv2
import numpy as np

from .. import templates
from ..effects.fuse import fuse
from ..effects.reshape import reshape
from ..errors import TemplateHasNoFace
from ..imaging import codec
from ..spec import Image
from ..tables import shapes
from .closeup import Closeup

CELL = 208  # px, the side of a shape's cell and the width of a template's
STRENGTHS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
QUALITY = 82  # of a JPEG that lives as long as a look


def preview(closeup: Closeup, shape_type: int, strength: float) -> bytes:
    """The face with one shape, a JPEG of up to `closeup.LARGEST` px. Raises ValueRejected."""
    return _jpeg(closeup.shown(reshape(closeup.pixels, closeup.face, shape_type, strength)))


def of_shapes(closeup: Closeup) -> Iterator[bytes]:
    """Each shape at full strength, in the catalogue's order."""
    small = closeup.within(CELL)
    for shape in shapes():
        yield preview(small, shape.id, 1.0)


def of_strengths(closeup: Closeup, shape_type: int) -> Iterator[bytes]:
    """One shape at each of STRENGTHS. Raises ValueRejected."""
    small = closeup.within(CELL)
    for strength in STRENGTHS:
        yield preview(small, shape_type, strength)


def of_templates(closeup: Closeup) -> Iterator[bytes | None]:
    """The face on each template, in the gallery's order; None for one of the owner's without a face."""
    for info in templates.all_templates():
        try:
            template = templates.load(info.id)
        except TemplateHasNoFace:
            yield None
            continue
        fused = fuse(closeup.pixels, closeup.face, template)
        height = round(fused.shape[0] * CELL / fused.shape[1])
        yield _jpeg(np.asarray(cv2.resize(fused, (CELL, height), interpolation=cv2.INTER_AREA), np.uint8))


def _jpeg(pixels: Image) -> bytes:
    return codec.encode(pixels, QUALITY)
