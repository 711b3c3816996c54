"""A schematic face and what each shape moves on it, as SVG.

The movement is computed by the effect itself (`build_face_warp`) on the straight face of `data/straight_face.json`, so
a drawing agrees with what is done to a photo. Points are (x, y) in face widths, y down towards the chin.
"""

from collections.abc import Sequence
from functools import cache
from itertools import pairwise

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ...domain.translations import load_json
from ...engine.effects.avatar.head import EYES
from ...engine.effects.avatar.mouth import OUTER_LIPS
from ...engine.effects.reshape import build_face_warp
from ...engine.imaging.align import FACE_OVAL
from ...engine.imaging.face import Face
from ...engine.imaging.segmentation import BROW_CONTOURS
from ..html import render

Points = NDArray[np.float64]
Arrow = tuple[tuple[float, float], tuple[float, float]]  # start, end

# Lines of the drawing: landmarks in order. The last of a closed line is joined to the first.
CLOSED_LINES = (FACE_OVAL, *BROW_CONTOURS, *EYES, OUTER_LIPS)
OPEN_LINES = (
    (193, 122, 196, 236, 198, 209, 49, 129, 64, 98, 99, 97, 2,
     326, 328, 327, 294, 358, 279, 429, 420, 456, 419, 351, 417),  # nose
    (44, 1, 274),
    (78, 80, 13, 310, 308),  # where the lips meet
)  # fmt: skip
IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))  # the centre, then around it
# Landmarks where a shape's arrows may start: the features it is about, not the skin that gives way around them.
ARROW_LANDMARKS = {
    **dict.fromkeys(range(8), FACE_OVAL),
    **dict.fromkeys(range(8, 14), EYES[0] + EYES[1]),
    **dict.fromkeys((14, 15), OPEN_LINES[0]),
    **dict.fromkeys((16, 17), OPEN_LINES[0] + OPEN_LINES[1] + OUTER_LIPS + FACE_OVAL),
    **dict.fromkeys(range(18, 22), OUTER_LIPS),
}

UNITS_PER_FACE_WIDTH = 100  # SVG units
VIEW_BOX = (-57, -37, 114, 138)
MAX_ARROW_FACE_WIDTHS = 0.12  # the longest arrow of each drawing; most vectors are too short to be seen
MIN_MOVED_FACE_WIDTHS = 0.0025  # less is not drawn
MIN_ARROW_RATIO = 0.3  # of the longest vector; shorter ones get no arrow
MIN_ARROW_GAP_FACE_WIDTHS = 0.06  # between two arrows
ARROWHEAD_UNITS = 3.2
FACE_WIDTH_PX, MARGIN_FACE_WIDTHS = 1000, 0.5  # of the picture that the warp is computed for


@cache
def load_landmarks() -> Points:
    """The straight face: (478, 2) float64."""
    return np.array(load_json("data/straight_face.json")["points"], np.float64)


@cache
def compute_moved_landmarks(shape: int) -> Points:
    """The straight face's landmarks after the warp at strength 1."""
    landmarks = load_landmarks()
    origin = landmarks.min(0) - MARGIN_FACE_WIDTHS
    width, height = np.ceil((landmarks.max(0) + MARGIN_FACE_WIDTHS - origin) * FACE_WIDTH_PX).astype(int).tolist()
    pixel_landmarks = (landmarks - origin) * FACE_WIDTH_PX
    face = Face(pixel_landmarks.astype(np.float32), np.zeros(len(landmarks), np.float32), 0.0, 0.0, 0.0)
    return np.asarray(
        build_face_warp((height, width), face, shape).transform_points(pixel_landmarks) / FACE_WIDTH_PX + origin
    )


def compute_arrows(shape: int) -> list[Arrow]:
    """The longest vectors at some distance from each other, symmetric; the longest has MAX_ARROW_FACE_WIDTHS."""
    landmarks, vectors = load_landmarks(), compute_moved_landmarks(shape) - load_landmarks()
    indices = list(ARROW_LANDMARKS[shape])
    lengths = np.linalg.norm(vectors, axis=1)
    max_length = lengths[indices].max()
    arrow_points = (
        landmarks[:, None] + vectors[:, None] * np.linspace(0, MAX_ARROW_FACE_WIDTHS / max_length, 7)[:, None]
    )  # (landmark, step, x and y)
    mirrored = {
        mark: min(indices, key=lambda other: np.hypot(*(landmarks[other] - landmarks[mark] * (-1, 1))))
        for mark in indices
    }
    chosen: list[int] = []
    for index in sorted(
        indices, key=lambda mark: (-round(lengths[mark] / max_length, 2), abs(landmarks[mark, 0]), mark)
    ):
        pair = {index, mirrored[index]}
        is_too_close = any(
            _compute_gap(arrow_points[one], arrow_points[other]) < MIN_ARROW_GAP_FACE_WIDTHS
            for one in pair
            for other in [*chosen, *(pair - {one})]
        )
        if lengths[index] >= MIN_ARROW_RATIO * max_length and landmarks[index, 0] <= 0 and not is_too_close:
            chosen += sorted(pair)
    return [(tuple(arrow_points[mark, 0].tolist()), tuple(arrow_points[mark, -1].tolist())) for mark in chosen]


def render_face_symbol() -> Markup:
    """The straight face as an SVG symbol, once for all drawings."""
    path = _build_face_path(load_landmarks())
    return render("reference.face_symbol", view_box=VIEW_BOX, path=path)


def render_drawing(shape: int, title: str) -> Markup:
    """The straight face, over it the lines that moved, and arrows. title: for screen readers."""
    return render(
        "reference.face_drawing",
        view_box=VIEW_BOX,
        title=title,
        moved_path=_build_face_path(compute_moved_landmarks(shape), only_moved=True),
        arrow_path="".join(_build_arrow_path(*arrow) for arrow in compute_arrows(shape)),
    )


def _compute_gap(one: Points, other: Points) -> float:
    return float(np.linalg.norm(one[:, None] - other[None], axis=-1).min())


def _build_face_path(points: Points, *, only_moved: bool = False) -> str:
    is_still = (np.linalg.norm(points - load_landmarks(), axis=1) < MIN_MOVED_FACE_WIDTHS) & only_moved
    paths = [_build_line_path([*line, line[0]], points, is_still) for line in CLOSED_LINES] + [
        _build_line_path(line, points, is_still) for line in OPEN_LINES
    ]
    for centre, right, top, left, bottom in IRISES:
        if is_still[[centre, right, top]].all():
            continue
        radius_x = float(np.linalg.norm(points[right] - points[left])) / 2
        radius_y = float(np.linalg.norm(points[top] - points[bottom])) / 2
        size, double = (
            f"{radius_x * UNITS_PER_FACE_WIDTH:.1f} {radius_y * UNITS_PER_FACE_WIDTH:.1f}",
            f"{radius_x * UNITS_PER_FACE_WIDTH * 2:.1f}",
        )
        start = _format_point(points[centre][0] - radius_x, points[centre][1])
        paths.append(f"M{start}a{size} 0 1 0 {double} 0a{size} 0 1 0 -{double} 0")
    return "".join(paths)


def _build_line_path(indices: Sequence[int], points: Points, is_still: NDArray[np.bool_]) -> str:
    """A path through landmarks, without the segments between two that are still."""
    path, is_drawing = "", False
    for one, other in pairwise(indices):
        if is_still[one] and is_still[other]:
            is_drawing = False
            continue
        path += (
            f"L{_format_point(*points[other])}"
            if is_drawing
            else f"M{_format_point(*points[one])}L{_format_point(*points[other])}"
        )
        is_drawing = True
    return path


def _build_arrow_path(start: tuple[float, float], end: tuple[float, float]) -> str:
    vector = np.subtract(end, start)
    along = (
        vector
        / np.linalg.norm(vector)
        * min(ARROWHEAD_UNITS / UNITS_PER_FACE_WIDTH, float(np.linalg.norm(vector)) * 0.6)
    )
    across = np.array([-along[1], along[0]]) * 0.75
    one, other = end - along + across, end - along - across
    return f"M{_format_point(*start)}L{_format_point(*end)}M{_format_point(*one)}L{_format_point(*end)}L{_format_point(*other)}"  # noqa: E501


def _format_point(x: float, y: float) -> str:
    return f"{x * UNITS_PER_FACE_WIDTH:.1f} {y * UNITS_PER_FACE_WIDTH:.1f}"
