"""A schematic face and what each shape moves on it, as SVG. Only `ui/reference/shapes.py` may import it.

The movement is the effect's own (`effects.reshape.face_warp`), on the straight face of `data/straight_face.json`, so
that a drawing cannot say other than what is done to a photo. Points are in face widths, y to the chin.
"""

from collections.abc import Sequence
from functools import cache
from html import escape
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...effects.reshape import face_warp
from ...imaging.face import Face
from ...words import load_json

Points = NDArray[np.float64]
Arrow = tuple[tuple[float, float], tuple[float, float]]  # from where, to where

# Lines of the drawing: landmarks in order, and whether the last is joined to the first.
CLOSED = (
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
     152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),  # the outline
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),  # brows
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),  # eyes
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146),  # lips
)  # fmt: skip
OPEN = (
    (193, 122, 196, 236, 198, 209, 49, 129, 64, 98, 99, 97, 2,
     326, 328, 327, 294, 358, 279, 429, 420, 456, 419, 351, 417),  # nose
    (44, 1, 274),
    (78, 80, 13, 310, 308),  # where the lips meet
)  # fmt: skip
IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))  # the centre, then around it
OUTLINE, EYES, LIPS = CLOSED[0], CLOSED[3:5], CLOSED[5]
# Where a shape's arrows may stand: on what it is about, not on what gives way around it.
ABOUT = {
    **dict.fromkeys(range(8), OUTLINE),
    **dict.fromkeys(range(8, 14), EYES[0] + EYES[1]),
    **dict.fromkeys((14, 15), OPEN[0]),
    **dict.fromkeys((16, 17), OPEN[0] + OPEN[1] + LIPS + OUTLINE),
    **dict.fromkeys(range(18, 22), LIPS),
}

UNIT = 100  # of the drawing in a face width
BOX = (-57, -37, 114, 138)
LONGEST = 0.12  # face widths: the longest arrow of each drawing; most ways are too short to be seen
STILL = 0.0025  # face widths: less is not drawn
LONG_ENOUGH = 0.3  # of the longest way: what an arrow is drawn for
APART = 0.06  # face widths between two arrows
HEAD = 3.2
PIXELS, MARGIN = 1000, 0.5  # of the picture that the warp is made for: a face's width, and room around in widths


@cache
def landmarks() -> Points:
    """The straight face."""
    return np.array(load_json("data/straight_face.json")["points"], np.float64)


@cache
def moved(shape: int) -> Points:
    """Where the straight face's landmarks end up at strength 1."""
    still = landmarks()
    low = still.min(0) - MARGIN
    width, height = np.ceil((still.max(0) + MARGIN - low) * PIXELS).astype(int).tolist()
    on_picture = (still - low) * PIXELS
    face = Face(on_picture.astype(np.float32), np.zeros(len(still), np.float32), 0.0, 0.0, 0.0)
    return np.asarray(face_warp((height, width), face, shape).transform_points(on_picture) / PIXELS + low)


def arrows(shape: int) -> list[Arrow]:
    """The longest ways at some distance from each other, alike on both sides; the longest is LONGEST."""
    still, ways = landmarks(), moved(shape) - landmarks()
    marks = list(ABOUT[shape])
    length = np.linalg.norm(ways, axis=1)
    most = length[marks].max()
    along = still[:, None] + ways[:, None] * np.linspace(0, LONGEST / most, 7)[:, None]  # (landmark, step, x and y)
    twin = {mark: min(marks, key=lambda other: np.hypot(*(still[other] - still[mark] * (-1, 1)))) for mark in marks}
    chosen: list[int] = []
    for mark in sorted(marks, key=lambda mark: (-round(length[mark] / most, 2), abs(still[mark, 0]), mark)):
        pair = {mark, twin[mark]}
        near = any(_gap(along[one], along[other]) < APART for one in pair for other in [*chosen, *(pair - {one})])
        if length[mark] >= LONG_ENOUGH * most and still[mark, 0] <= 0 and not near:
            chosen += sorted(pair)
    return [(tuple(along[mark, 0].tolist()), tuple(along[mark, -1].tolist())) for mark in chosen]


def face_symbol() -> str:
    """The face as it is, once for all drawings."""
    return f'<symbol id="face" viewBox="{_box()}"><path d="{_lines(landmarks())}"/></symbol>'


def drawing(shape: int, title: str) -> str:
    """The face, over it what has moved, and arrows. title: for whoever does not see it."""
    x, y, width, height = BOX
    after, ways = moved(shape), "".join(_arrow(*arrow) for arrow in arrows(shape))
    return (
        f'<svg viewBox="{_box()}" role="img"><title>{escape(title)}</title>'
        f'<use href="#face" x="{x}" y="{y}" width="{width}" height="{height}" class="before"/>'
        f'<path class="after" d="{_lines(after, only_moved=True)}"/><path class="way" d="{ways}"/></svg>'
    )


def _gap(one: Points, other: Points) -> float:
    return float(np.linalg.norm(one[:, None] - other[None], axis=-1).min())


def _box() -> str:
    return " ".join(map(str, BOX))


def _lines(points: Points, *, only_moved: bool = False) -> str:
    still = (np.linalg.norm(points - landmarks(), axis=1) < STILL) & only_moved
    paths = [_line([*line, line[0]], points, still) for line in CLOSED] + [_line(line, points, still) for line in OPEN]
    for centre, right, top, left, bottom in IRISES:
        if still[[centre, right, top]].all():
            continue
        across = float(np.linalg.norm(points[right] - points[left])) / 2
        up = float(np.linalg.norm(points[top] - points[bottom])) / 2
        size, double = f"{across * UNIT:.1f} {up * UNIT:.1f}", f"{across * UNIT * 2:.1f}"
        start = _at(points[centre][0] - across, points[centre][1])
        paths.append(f"M{start}a{size} 0 1 0 {double} 0a{size} 0 1 0 -{double} 0")
    return "".join(paths)


def _line(marks: Sequence[int], points: Points, still: NDArray[np.bool_]) -> str:
    """Through landmarks, leaving out what lies between two that are still."""
    path, drawing = "", False
    for one, other in pairwise(marks):
        if still[one] and still[other]:
            drawing = False
            continue
        path += f"L{_at(*points[other])}" if drawing else f"M{_at(*points[one])}L{_at(*points[other])}"
        drawing = True
    return path


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    way = np.subtract(end, start)
    ahead = way / np.linalg.norm(way) * min(HEAD / UNIT, float(np.linalg.norm(way)) * 0.6)
    aside = np.array([-ahead[1], ahead[0]]) * 0.75
    one, other = end - ahead + aside, end - ahead - aside
    return f"M{_at(*start)}L{_at(*end)}M{_at(*one)}L{_at(*end)}L{_at(*other)}"


def _at(x: float, y: float) -> str:
    return f"{x * UNIT:.1f} {y * UNIT:.1f}"
