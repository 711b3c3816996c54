"""What each of the 22 shapes must do, as a number read off landmarks. For tests and `tools/quality`.

Rulers (eye span, face width, which way is up, which contour points lie at mouth height) are read off the *unchanged*
face: a shape that moves the eyes must not seem to move every length that eye span divides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..imaging.faces import Face
from .operations import CONTOUR

Points = NDArray[np.float64]

EYE_RINGS = (
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
)
EYE_CORNERS = ((33, 133), (263, 362))  # outer, inner
LIDS = (((160, 144), (159, 145), (158, 153)), ((387, 373), (386, 374), (385, 380)))
BROWS = (70, 63, 105, 66, 107, 300, 293, 334, 296, 336)
LIP_RING = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
MOUTH_LINE = (13, 14)
CHIN, LOWER_LIP, UPPER_LIP, NOSE_BASE, NOSE_TIP, NOSE_ROOT = 152, 17, 0, 2, 1, 168
CONTOUR_PAIRS = (*zip(*CONTOUR, strict=True), (148, 377))


@dataclass(frozen=True, slots=True, eq=False)
class Ruler:
    """An unchanged face as the scale for its changed landmarks."""

    landmarks: Points
    eye_span: float
    face_width: float
    down: Points  # unit vector to the chin

    @classmethod
    def of(cls, face: Face) -> "Ruler":
        landmarks = face.landmarks.astype(np.float64)
        roll = np.radians(face.roll)
        span = float(np.linalg.norm(landmarks[263] - landmarks[33]))
        return cls(landmarks, span, face.width, np.array([-np.sin(roll), np.cos(roll)]))


Reading = Callable[[Points, Ruler], float]


@dataclass(frozen=True, slots=True)
class Measure:
    """name: in words. direction: +1 or -1 at positive strength. coupled: shapes whose measures may move along."""

    name: str
    direction: int
    coupled: tuple[int, ...]
    read: Reading
    degrees: bool = False

    def moved(self, landmarks: Points, ruler: Ruler) -> float:
        """Change against the ruler's own landmarks, in the promised direction: per cent, or degrees for angles."""
        before, after = self.read(ruler.landmarks, ruler), self.read(landmarks, ruler)
        return self.direction * (after - before if self.degrees else 100 * (after / before - 1))

    @property
    def bar(self) -> float:
        """The least that strength 1 must move it."""
        return 3.0 if self.degrees else 4.0


def _width(*pairs: tuple[int, int]) -> Reading:
    """Mean distance of landmark pairs / eye span."""
    left, right = np.array(pairs).T

    def read(points: Points, ruler: Ruler) -> float:
        return float(np.linalg.norm(points[right] - points[left], axis=1).mean() / ruler.eye_span)

    return read


def _drop(upper: tuple[int, ...], lower: tuple[int, ...]) -> Reading:
    """How far `lower` lies below `upper` along the face / eye span."""

    def read(points: Points, ruler: Ruler) -> float:
        return float((points[list(lower)].mean(0) - points[list(upper)].mean(0)) @ ruler.down / ruler.eye_span)

    return read


def _width_at_mouth(points: Points, ruler: Ruler) -> float:
    """Width between the contour points that lay at mouth height / eye span."""
    mouth = ruler.landmarks[list(MOUTH_LINE)].mean(0) @ ruler.down
    ends = []
    for side in CONTOUR:
        heights = np.maximum.accumulate(ruler.landmarks[list(side)] @ ruler.down)
        place = np.interp(mouth, heights, np.arange(len(side)))
        low = min(int(place), len(side) - 2)
        share = place - low
        ends.append((1 - share) * points[side[low]] + share * points[side[low + 1]])
    return float(np.linalg.norm(ends[1] - ends[0]) / ruler.eye_span)


def _area(rings: tuple[tuple[int, ...], ...], points: Points, ruler: Ruler) -> float:
    """Summed area of polygons / face width squared."""
    total = 0.0
    for ring in rings:
        x, y = points[list(ring)].T
        total += abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    return total / ruler.face_width**2


def _eye_tilt(points: Points, ruler: Ruler) -> float:
    """Mean angle in degrees of the lines from inner to outer corner; positive: the outer end is higher."""
    across = np.array([ruler.down[1], -ruler.down[0]])
    tilts = []
    for outer, inner in EYE_CORNERS:
        line = points[outer] - points[inner]
        tilts.append(np.degrees(np.arctan2(-(line @ ruler.down), abs(line @ across))))
    return float(np.mean(tilts))


def _eye_distance(points: Points, ruler: Ruler) -> float:
    left, right = (points[list(ring)].mean(0) for ring in EYE_RINGS)
    return float(np.linalg.norm(right - left) / ruler.face_width)


def _eye_opening(points: Points, _: Ruler) -> float:
    """Mean over both eyes of opening height / eye width."""
    ratios = []
    for lids, (outer, inner) in zip(LIDS, EYE_CORNERS, strict=True):
        upper, lower = np.array(lids).T
        height = np.linalg.norm(points[lower] - points[upper], axis=1).mean()
        ratios.append(height / np.linalg.norm(points[outer] - points[inner]))
    return float(np.mean(ratios))


def _tip_below_eyes(points: Points, ruler: Ruler) -> float:
    eyes = [landmark for ring in EYE_RINGS for landmark in ring]
    return _drop(tuple(eyes), (NOSE_TIP,))(points, ruler)


NOSE_AT_WINGS = ((129, 358), (64, 294))
NOSE_AT_BRIDGE = ((174, 399), (198, 420))

MEASURES: tuple[Measure, ...] = (
    Measure("face width at cheekbones / eye span", -1, (1, 2), _width((234, 454), (93, 323))),
    Measure("mean contour width, eyes to chin / eye span", -1, (0, 2, 6, 7), _width(*CONTOUR_PAIRS)),
    Measure("face width at mouth height / eye span", -1, (0, 1, 7), _width_at_mouth),
    Measure("brows to chin / eye span", -1, (4, 5), _drop(BROWS, (CHIN,))),
    Measure("lower lip to chin / eye span", -1, (3, 5), _drop((LOWER_LIP,), (CHIN,))),
    Measure("lower lip to chin / eye span", +1, (3, 4), _drop((LOWER_LIP,), (CHIN,))),
    Measure("contour width above the chin tip / eye span", -1, (1, 7), _width((176, 400), (148, 377))),
    Measure("contour width at the jaw corners / eye span", -1, (1, 2, 6), _width((172, 397), (136, 365))),
    Measure("eye opening area / face width²", +1, (13,), partial(_area, EYE_RINGS)),
    Measure("tilt of the eyes, outer end up", +1, (12,), _eye_tilt, degrees=True),
    Measure("distance of the eyes / face width", -1, (11,), _eye_distance),
    Measure("distance of the eyes / face width", +1, (10,), _eye_distance),
    Measure("tilt of the eyes, inner end up", -1, (9,), _eye_tilt, degrees=True),
    Measure("eye opening height / eye width", +1, (8,), _eye_opening),
    Measure("nose width, bridge and wings / eye span", -1, (15,), _width(*NOSE_AT_BRIDGE, *NOSE_AT_WINGS)),
    Measure("nose width at the wings / eye span", -1, (14,), _width(*NOSE_AT_WINGS)),
    Measure("nose root to base / eye span", -1, (17, 21), _drop((NOSE_ROOT,), (NOSE_BASE,))),
    Measure("nose tip below the eyes / eye span", -1, (16,), _tip_below_eyes),
    Measure("mouth width / eye span", -1, (19,), _width((61, 291))),
    Measure("outer lip area / face width²", +1, (18, 20, 21), partial(_area, (LIP_RING,))),
    Measure("nose base to mouth centre / eye span", -1, (19, 21, 4), _drop((NOSE_BASE,), MOUTH_LINE)),
    Measure("nose base to upper lip / eye span", -1, (16, 19, 20), _drop((NOSE_BASE,), (UPPER_LIP,))),
)
