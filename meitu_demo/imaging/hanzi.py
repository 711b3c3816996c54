"""The characters 生 and 成 from strokes of our own, in the manner of a 黑体: even weight, flat ends.

Pillow's built-in face has no Chinese, and no font file is shipped for two characters. Only `label` imports it. Each
stroke is the middle line of a pen, in thousandths of the square that the character stands in, y down.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ..domain.model import Image

Points = Sequence[tuple[float, float]]

VERTICAL_PEN_WIDTH, HORIZONTAL_PEN_WIDTH = (
    84,
    78,
)  # widths of the pen: upright and slanting strokes; level ones look heavier and are thinner
INK_TOP, INK_BOTTOM = 45, 965  # the ink of both characters
_MIN_RASTER_PX = 800  # px: drawn at least this large and then made small, since polygons come out half a pixel too wide
_CURVE_POINTS = 24  # points of a curve

# (width, points): a first point, then three for each cubic Bézier curve. Two points are a straight line.
STROKES: dict[str, tuple[tuple[float, Points], ...]] = {
    "生": (
        (VERTICAL_PEN_WIDTH, ((248, 68), (205, 235), (140, 365), (62, 462))),
        (HORIZONTAL_PEN_WIDTH, ((196, 283), (888, 283))),
        (HORIZONTAL_PEN_WIDTH, ((162, 577), (852, 577))),
        (VERTICAL_PEN_WIDTH, ((506, 45), (506, 900))),
        (HORIZONTAL_PEN_WIDTH, ((52, 917), (950, 917))),
    ),
    "成": (
        (HORIZONTAL_PEN_WIDTH, ((118, 250), (944, 250))),
        (VERTICAL_PEN_WIDTH, ((160, 250), (160, 400), (160, 440), (160, 500), (160, 690), (130, 830), (62, 940))),
        (HORIZONTAL_PEN_WIDTH, ((160, 462), (447, 462))),
        (VERTICAL_PEN_WIDTH, ((424, 423), (424, 560), (421, 690), (406, 752), (395, 796), (362, 796), (264, 790))),
        (
            VERTICAL_PEN_WIDTH,
            (
                *((574, 45), (578, 330), (610, 590), (690, 760)),
                *((742, 872), (796, 927), (838, 922), (890, 915), (902, 850), (910, 715)),
            ),
        ),
        (VERTICAL_PEN_WIDTH, ((852, 392), (775, 640), (615, 840), (382, 932))),
        (VERTICAL_PEN_WIDTH, ((704, 78), (772, 106), (828, 138), (882, 178))),
    ),
}


def render_character(character: str, side: float) -> Image:
    """Coverage 0..255 of `character` in a square of `side` px, rounded up."""
    pixels = math.ceil(side)
    supersampling = max(2, math.ceil(_MIN_RASTER_PX / pixels))
    fine = np.zeros((pixels * supersampling, pixels * supersampling), np.uint8)
    for width, points in STROKES[character]:
        outline = _build_stroke_outline(_flatten_path(points), width) * (side * supersampling / 1000)
        cv2.fillPoly(fine, [np.round(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(cv2.resize(fine, (pixels, pixels), interpolation=cv2.INTER_AREA), np.uint8)


def _flatten_path(points: Points) -> NDArray[np.float64]:
    """The middle line as points close enough to look curved."""
    control_points = np.asarray(points, np.float64)
    if len(control_points) == 2:
        return control_points
    t = np.linspace(0, 1, _CURVE_POINTS)[:, None]
    curves = [control_points[start : start + 4] for start in range(0, len(control_points) - 3, 3)]
    segments = [
        a * (1 - t) ** 3 + b * 3 * t * (1 - t) ** 2 + c * 3 * t**2 * (1 - t) + d * t**3 for a, b, c, d in curves
    ]
    return np.concatenate([segments[0], *(bow[1:] for bow in segments[1:])])


def _build_stroke_outline(line: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    """What a pen of `width`, held across its way, covers along `line`."""
    along = np.gradient(line, axis=0)
    across = along[:, ::-1] * (-1, 1) / np.linalg.norm(along, axis=1, keepdims=True) * (width / 2)
    return np.concatenate([line + across, (line - across)[::-1]])
