"""Measures of the 22 shapes: for each, a number computed from landmarks that the shape must change.

Scales (eye span, face width, the vertical, the contour points at mouth height) come from the unchanged face. Otherwise
a shape that moves the eyes would seem to change every length that is divided by the eye span.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

from ..imaging.align import Points
from ..imaging.faces import Face
from .shape_operations import CONTOUR_LANDMARKS

EYE_RINGS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
OUTER_EYE_CORNERS, INNER_EYE_CORNERS = [33, 263], [133, 362]
UPPER_LIDS, LOWER_LIDS = [[160, 159, 158], [387, 386, 385]], [[144, 145, 153], [373, 374, 380]]
BROW_LANDMARKS = (70, 63, 105, 66, 107, 300, 293, 334, 296, 336)
LIP_RING = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
MOUTH_LINE = (13, 14)
CHIN, LOWER_LIP, UPPER_LIP, NOSE_BASE, NOSE_TIP, NOSE_ROOT = 152, 17, 0, 2, 1, 168
CONTOUR_PAIRS = (*zip(*CONTOUR_LANDMARKS, strict=True), (148, 377))


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceFace:
    """The unchanged face: landmarks (478, 2), eye span and face width in pixels."""

    landmarks: Points
    eye_span: float
    face_width: float
    down: Points  # unit vector towards the chin

    @classmethod
    def from_face(cls, face: Face) -> "ReferenceFace":
        landmarks = face.landmarks.astype(np.float64)
        roll = np.radians(face.roll)
        span = float(np.linalg.norm(landmarks[263] - landmarks[33]))
        return cls(landmarks, span, face.width, np.array([-np.sin(roll), np.cos(roll)]))


MeasureFunction = Callable[[Points, ReferenceFace], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a shape must change.

    direction: the change's sign, +1 or -1. coupled_shapes: shapes whose measures may change along with this one.
    """

    name: str
    direction: int
    coupled_shapes: tuple[int, ...]
    read: MeasureFunction
    is_angle: bool = False

    def compute_change(self, landmarks: Points, reference: ReferenceFace) -> float:
        """Change from the reference, positive in the promised direction: in per cent, or degrees for angles."""
        before, after = self.read(reference.landmarks, reference), self.read(landmarks, reference)
        return self.direction * (after - before if self.is_angle else 100 * (after / before - 1))

    @property
    def min_change(self) -> float:
        """The smallest change that strength 1 must make, in per cent or degrees."""
        return 3.0 if self.is_angle else 4.0


def _make_width_measure(*pairs: tuple[int, int]) -> MeasureFunction:
    """Measures the mean distance of landmark pairs / eye span."""
    left, right = np.array(pairs).T

    def read(points: Points, reference: ReferenceFace) -> float:
        return float(np.linalg.norm(points[right] - points[left], axis=1).mean() / reference.eye_span)

    return read


def _make_drop_measure(upper: tuple[int, ...], lower: tuple[int, ...]) -> MeasureFunction:
    """Measures how far `lower` lies below `upper` / eye span."""

    def read(points: Points, reference: ReferenceFace) -> float:
        return float((points[list(lower)].mean(0) - points[list(upper)].mean(0)) @ reference.down / reference.eye_span)

    return read


def _measure_mouth_level_width(points: Points, reference: ReferenceFace) -> float:
    """Distance of the contour points that were at mouth height / eye span."""
    mouth = reference.landmarks[list(MOUTH_LINE)].mean(0) @ reference.down
    ends = []
    for side in map(list, CONTOUR_LANDMARKS):
        heights = np.maximum.accumulate(reference.landmarks[side] @ reference.down)
        ends.append(np.array([np.interp(mouth, heights, coordinates) for coordinates in points[side].T]))
    return float(np.linalg.norm(ends[1] - ends[0]) / reference.eye_span)


def _measure_area(rings: tuple[tuple[int, ...], ...], points: Points, reference: ReferenceFace) -> float:
    """Total area of polygons / face width²."""
    return sum(cv2.contourArea(points[list(ring)].astype(np.float32)) for ring in rings) / reference.face_width**2


def _measure_eye_tilt(points: Points, reference: ReferenceFace) -> float:
    """Mean angle in degrees of the lines from inner to outer corner; positive if the outer corner is higher."""
    across = np.array([reference.down[1], -reference.down[0]])
    lines = points[OUTER_EYE_CORNERS] - points[INNER_EYE_CORNERS]
    return float(np.degrees(np.arctan2(-(lines @ reference.down), abs(lines @ across))).mean())


def _measure_eye_distance(points: Points, reference: ReferenceFace) -> float:
    left, right = (points[list(ring)].mean(0) for ring in EYE_RINGS)
    return float(np.linalg.norm(right - left) / reference.face_width)


def _measure_eye_opening(points: Points, _: ReferenceFace) -> float:
    """Opening height / eye width, mean of both eyes."""
    heights = np.linalg.norm(points[LOWER_LIDS] - points[UPPER_LIDS], axis=-1).mean(1)
    return float((heights / np.linalg.norm(points[OUTER_EYE_CORNERS] - points[INNER_EYE_CORNERS], axis=1)).mean())


NOSE_WING_PAIRS = ((129, 358), (64, 294))
NOSE_BRIDGE_PAIRS = ((174, 399), (198, 420))

MEASURES: tuple[Measure, ...] = (
    Measure("face width at cheekbones / eye span", -1, (1, 2), _make_width_measure((234, 454), (93, 323))),
    Measure("mean contour width, eyes to chin / eye span", -1, (0, 2, 6, 7), _make_width_measure(*CONTOUR_PAIRS)),
    Measure("face width at mouth height / eye span", -1, (0, 1, 7), _measure_mouth_level_width),
    Measure("brows to chin / eye span", -1, (4, 5), _make_drop_measure(BROW_LANDMARKS, (CHIN,))),
    Measure("lower lip to chin / eye span", -1, (3, 5), _make_drop_measure((LOWER_LIP,), (CHIN,))),
    Measure("lower lip to chin / eye span", +1, (3, 4), _make_drop_measure((LOWER_LIP,), (CHIN,))),
    Measure("contour width above the chin tip / eye span", -1, (1, 7), _make_width_measure((176, 400), (148, 377))),
    Measure("contour width at the jaw corners / eye span", -1, (1, 2, 6), _make_width_measure((172, 397), (136, 365))),
    Measure("eye opening area / face width²", +1, (13,), partial(_measure_area, EYE_RINGS)),
    Measure("tilt of the eyes, outer end up", +1, (12,), _measure_eye_tilt, is_angle=True),
    Measure("distance of the eyes / face width", -1, (11,), _measure_eye_distance),
    Measure("distance of the eyes / face width", +1, (10,), _measure_eye_distance),
    Measure("tilt of the eyes, inner end up", -1, (9,), _measure_eye_tilt, is_angle=True),
    Measure("eye opening height / eye width", +1, (8,), _measure_eye_opening),
    Measure(
        "nose width, bridge and wings / eye span", -1, (15,), _make_width_measure(*NOSE_BRIDGE_PAIRS, *NOSE_WING_PAIRS)
    ),
    Measure("nose width at the wings / eye span", -1, (14,), _make_width_measure(*NOSE_WING_PAIRS)),
    Measure("nose root to base / eye span", -1, (17, 21), _make_drop_measure((NOSE_ROOT,), (NOSE_BASE,))),
    Measure("nose tip below the eyes / eye span", -1, (16,), _make_drop_measure(sum(EYE_RINGS, ()), (NOSE_TIP,))),
    Measure("mouth width / eye span", -1, (19,), _make_width_measure((61, 291))),
    Measure("outer lip area / face width²", +1, (18, 20, 21), partial(_measure_area, (LIP_RING,))),
    Measure("nose base to mouth centre / eye span", -1, (19, 21, 4), _make_drop_measure((NOSE_BASE,), MOUTH_LINE)),
    Measure("nose base to upper lip / eye span", -1, (16, 19, 20), _make_drop_measure((NOSE_BASE,), (UPPER_LIP,))),
)
