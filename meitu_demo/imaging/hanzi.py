"""The characters 生 and 成 from strokes of our own, in the manner of a 黑体: even weight, flat ends.

Pillow's built-in face has no Chinese, and no font file is shipped for two characters. Only `label` imports it. Each
stroke is the middle line of a pen, in thousandths of the square that the character stands in, y down.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..spec import Image

Points = Sequence[tuple[float, float]]

UPRIGHT, LEVEL = 84, 78  # widths of the pen: upright and slanting strokes; level ones look heavier and are thinner
TOP, BOTTOM = 45, 965  # the ink of both characters
_FINE = 800  # px: drawn at least this large and then made small, since polygons come out half a pixel too wide
_STEPS = 24  # points of a curve

# (width, points): a first point, then three for each cubic Bézier curve. Two points are a straight line.
STROKES: dict[str, tuple[tuple[float, Points], ...]] = {
    "生": (
        (UPRIGHT, ((248, 68), (205, 235), (140, 365), (62, 462))),
        (LEVEL, ((196, 283), (888, 283))),
        (LEVEL, ((162, 577), (852, 577))),
        (UPRIGHT, ((506, 45), (506, 900))),
        (LEVEL, ((52, 917), (950, 917))),
    ),
    "成": (
        (LEVEL, ((118, 250), (944, 250))),
        (UPRIGHT, ((160, 250), (160, 400), (160, 440), (160, 500), (160, 690), (130, 830), (62, 940))),
        (LEVEL, ((160, 462), (447, 462))),
        (UPRIGHT, ((424, 423), (424, 560), (421, 690), (406, 752), (395, 796), (362, 796), (264, 790))),
        (
            UPRIGHT,
            (
                *((574, 45), (578, 330), (610, 590), (690, 760)),
                *((742, 872), (796, 927), (838, 922), (890, 915), (902, 850), (910, 715)),
            ),
        ),
        (UPRIGHT, ((852, 392), (775, 640), (615, 840), (382, 932))),
        (UPRIGHT, ((704, 78), (772, 106), (828, 138), (882, 178))),
    ),
}


def draw(character: str, side: float) -> Image:
    """Coverage 0..255 of `character` in a square of `side` px, rounded up."""
    pixels = math.ceil(side)
    times = max(2, math.ceil(_FINE / pixels))
    fine = np.zeros((pixels * times, pixels * times), np.uint8)
    for width, points in STROKES[character]:
        outline = _outline(_line(points), width) * (side * times / 1000)
        cv2.fillPoly(fine, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.resize(fine, (pixels, pixels), interpolation=cv2.INTER_AREA), np.uint8)


def _line(points: Points) -> NDArray[np.float64]:
    """The middle line as points close enough to look curved."""
    given = np.asarray(points, np.float64)
    if len(given) == 2:
        return given
    t = np.linspace(0, 1, _STEPS)[:, None]
    curves = [given[at : at + 4] for at in range(0, len(given) - 3, 3)]
    bows = [a * (1 - t) ** 3 + b * 3 * t * (1 - t) ** 2 + c * 3 * t**2 * (1 - t) + d * t**3 for a, b, c, d in curves]
    return np.concatenate([bows[0], *(bow[1:] for bow in bows[1:])])


def _outline(line: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """What a pen of `width`, held across its way, covers along `line`."""
    along = np.gradient(line, axis=0)
    across = along[:, ::-1] * (-1, 1) / np.linalg.norm(along, axis=1, keepdims=True) * (width / 2)
    return np.concatenate([line + across, (line - across)[::-1]])
