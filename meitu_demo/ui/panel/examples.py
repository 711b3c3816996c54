"""The photos to begin with: the astronaut and a degraded copy of it. Both are made at first use."""

from functools import cache

import cv2
import numpy as np

from ...effects.degrade import degrade
from ...imaging import codec
from ...imaging.astronaut import astronaut
from .. import stills
from ..guard import uploads

THUMBNAIL = 96  # px


def example_file(name: str) -> str:
    """Path of a copy of the example photo `name`, astronaut or degraded: a visitor's own, to be deleted with theirs."""
    return uploads.hand_out(f"{name}.jpg", _example(name))


@cache
def _example(name: str) -> bytes:
    return codec.encode(degrade(astronaut()) if name == "degraded" else astronaut())


@cache
def thumbnail() -> stills.Still:
    """Its face, small, for a button; the same for both, so that a page costs no degrading."""
    face = astronaut()[20:260, 110:350]
    size = (THUMBNAIL, THUMBNAIL)
    small = np.asarray(cv2.resize(face, size, interpolation=cv2.INTER_AREA), np.uint8)
    return stills.put("example.jpg", codec.encode(small))
