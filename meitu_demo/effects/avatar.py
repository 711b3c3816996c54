"""Anime avatar: redraws the people of a photo as an illustrator would, in one of two looks."""

from collections.abc import Sequence

import cv2
import numpy as np

from ..errors import ValueRejected
from ..imaging.faces import Face
from ..imaging.matte import person_matte
from .cartoon.backdrop import paint_backdrop
from .cartoon.cloth import paint_cloth
from .cartoon.colour import to_lab
from .cartoon.eyes import iris_colour, paint_brows, paint_eye, place_eyes
from .cartoon.hair import paint_hair
from .cartoon.head import Image, frame
from .cartoon.ink import paint_creases, paint_jaw, paint_outlines
from .cartoon.look import LOOKS
from .cartoon.mouth import paint_mouth, paint_nose
from .cartoon.pen import lay
from .cartoon.regions import sort_regions
from .cartoon.skin import paint_skin, skin_tones


def avatar(image: Image, faces: Sequence[Face], version: str = "1.0.0") -> Image:
    """Head and shoulders of everybody in `faces` (at least one), drawn."""
    if version not in LOOKS:
        raise ValueRejected(control="version", value=version, allowed=sorted(LOOKS))
    look = LOOKS[version]
    canvas, heads = frame(image, faces)
    person = person_matte(canvas)
    lab = to_lab(canvas)
    head = heads[0]
    regions = sort_regions(canvas, person, head)
    tones = skin_tones(lab, head, regions, look)
    painting = paint_backdrop(canvas.shape, tones.base, head, look)
    paint_cloth(painting, lab, regions.cloth, head.unit, look)
    paint_creases(painting, lab, head, regions, look)
    paint_skin(painting, lab, head, regions, tones, look)
    before = painting.copy()
    paint_jaw(painting, head, regions, tones.base, look)
    paint_nose(painting, head, tones, look, 1.0)
    paint_mouth(painting, lab, head, tones, look)
    eyes = place_eyes(head)
    paint_brows(painting, lab, head, eyes, tones.base, look)
    colour = iris_colour(lab, head)
    for eye in eyes:
        paint_eye(painting, eye, colour, tones.base, look)
    hair = paint_hair(painting, lab, head, regions, look)
    paint_outlines(painting, head, regions, hair, tones.base, look)
    return np.asarray(np.clip(painting * 255 + 0.5, 0, 255), np.uint8)
