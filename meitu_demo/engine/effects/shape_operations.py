"""Local warp operations on a face: push, scale, rotate, shift, narrow.

Lengths are face widths in head-aligned axes: x to the image's right, y to the chin. An operation acts fully on the
bounding box of some landmarks and fades out smoothly beyond it. An operation on a pair of parts is declared for the
part on the image's left and mirrored for the other, so that positive x points to the face's middle. Offsets are
backward: from a point of the result to its source (see `imaging.warp`).
"""

from dataclasses import dataclass

import numpy as np

from ..imaging.align import Points
from ..imaging.faces import Face
from ..imaging.warp import Array, Bounds, smootherstep

FacePart = tuple[tuple[int, ...], ...]  # landmark indices of a central part, or of a pair, image's left first
# The contour from temple to chin, image's left then right, and the two ends of the face's middle line.
CONTOUR_LANDMARKS = (
    (127, 234, 93, 132, 58, 172, 136, 150, 149, 176),
    (356, 454, 323, 361, 288, 397, 365, 379, 378, 400),
)
MIDLINE_LANDMARKS = (168, 152)
# Of the contour's greatest distance from the middle line. Below the jaw the contour stays at least this wide, as the
# neck does; otherwise the neck would bulge beside a slim jaw.
MIN_CONTOUR_SHARE = 0.65
ORIGIN_LANDMARK = 168  # between the eyes


@dataclass(frozen=True, slots=True)
class _LocalOperation:
    """An operation on a part.

    part: landmarks whose bounding box moves fully. fade: distances over which the movement fades beside, above and
    below that box.
    """

    part: FacePart
    fade: tuple[float, float, float]

    def compute_bounds(self, face: Points) -> list[Bounds]:
        """Boxes (x0, y0, x1, y1) outside which nothing moves. face: (478, 2) landmarks in face widths."""
        across, up, down = self.fade
        boxes = [_compute_bounding_box(face, group) for group in self.part]
        return [(x0 - across, y0 - up, x1 + across, y1 + down) for x0, y0, x1, y1 in boxes]

    def compute_offsets(self, points: Array, face: Points) -> Array:
        """(n, 2) backward offsets at (n, 2) points. face: (478, 2) landmarks. All in face widths."""
        total = np.zeros_like(points)
        for side, group in enumerate(self.part):
            box = _compute_bounding_box(face, group)
            total += self._compute_weight(points, box)[:, None] * self._compute_local_offsets(points, face, side, box)
        return total

    def _compute_weight(self, points: Array, box: Bounds) -> Array:
        across, up, down = self.fade
        return _compute_plateau(points[:, 0], box[0], box[2], across, across) * _compute_plateau(
            points[:, 1], box[1], box[3], up, down
        )

    def _compute_local_offsets(self, points: Array, face: Points, side: int, box: Bounds) -> Array:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Push(_LocalOperation):
    """Moves a part by (x, y) face widths."""

    offset: tuple[float, float]

    def _compute_local_offsets(self, points: Array, face: Points, side: int, box: Bounds) -> Array:
        return np.array([self.offset[0] * (1 if side else -1), -self.offset[1]], points.dtype)


@dataclass(frozen=True, slots=True)
class Scale(_LocalOperation):
    """Scales a part by the factors (x, y) about the centre of its box."""

    factors: tuple[float, float]

    def _compute_local_offsets(self, points: Array, face: Points, side: int, box: Bounds) -> Array:
        centre = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2], points.dtype)
        return np.asarray((points - centre) * (1 / np.array(self.factors, points.dtype) - 1))


@dataclass(frozen=True, slots=True)
class Rotate(_LocalOperation):
    """Rotates a part about the mean of the pivot's landmarks; positive degrees raise the outer side."""

    pivot_part: FacePart
    degrees: float

    def _compute_local_offsets(self, points: Array, face: Points, side: int, box: Bounds) -> Array:
        angle = np.radians(self.degrees) * (1 if side else -1)
        cos, sin = np.cos(angle), np.sin(angle)
        rotation = np.array([[cos - 1, sin], [-sin, cos - 1]], points.dtype)
        pivot = face[list(self.pivot_part[side])].mean(0)
        return np.asarray((points - pivot.astype(points.dtype)) @ rotation)


@dataclass(frozen=True, slots=True)
class Shift(_LocalOperation):
    """Moves landmarks vertically by given amounts and interpolates between their heights.

    levels: (landmark, shift towards the chin), from the top down. `part` bounds the movement horizontally only.
    """

    levels: tuple[tuple[int, float], ...]

    def compute_bounds(self, face: Points) -> list[Bounds]:
        heights, _ = self._compute_knots(face)
        across = self.fade[0]
        boxes = [_compute_bounding_box(face, group) for group in self.part]
        return [(x0 - across, float(heights[0]), x1 + across, float(heights[-1])) for x0, _, x1, _ in boxes]

    def _compute_weight(self, points: Array, box: Bounds) -> Array:
        return _compute_plateau(points[:, 0], box[0], box[2], self.fade[0], self.fade[0])

    def _compute_local_offsets(self, points: Array, face: Points, side: int, box: Bounds) -> Array:
        heights, shifts = self._compute_knots(face)
        position = np.interp(points[:, 1], heights, np.arange(len(heights)))
        knot = np.minimum(position.astype(int), len(heights) - 2)
        share = position - knot
        share = (share + share * share * (3 - 2 * share)) / 2  # the mean of linear and smoothstep
        offsets = -(shifts[knot] + share * (shifts[knot + 1] - shifts[knot]))
        return np.asarray(np.stack([np.zeros_like(offsets), offsets], -1).astype(points.dtype))

    def _compute_knots(self, face: Points) -> tuple[Points, Points]:
        _, up, down = self.fade
        heights = face[[landmark for landmark, _ in self.levels], 1]
        shifts = np.array([0.0, *(shift for _, shift in self.levels), 0.0])
        heights = np.array([heights[0] - up, *heights, heights[-1] + down]) + shifts  # where landmarks end up
        heights = np.maximum.accumulate(heights + np.arange(len(heights)) * 1e-4)  # closed lips have equal heights
        return heights, shifts


@dataclass(frozen=True, slots=True)
class Narrow:
    """Moves the contour towards the middle line by a share of its distance, at the heights of some landmarks.

    The movement is full at the contour. It fades inwards over `inner_fade`, a share of that distance, and outwards
    over `outer_fade`, so that the features stay put and only the background beside the cheek is stretched.
    """

    landmarks: tuple[int, ...]
    share: float
    fade: tuple[float, float]  # up, down
    inner_fade: float = 0.46
    outer_fade: float = 0.45

    def compute_bounds(self, face: Points) -> list[Bounds]:
        _, top, _, bottom = _compute_bounding_box(face, self.landmarks)
        left, _, right, _ = _compute_bounding_box(face, CONTOUR_LANDMARKS[0] + CONTOUR_LANDMARKS[1])
        return [(left - self.outer_fade, top - self.fade[0], right + self.outer_fade, bottom + self.fade[1])]

    def compute_offsets(self, points: Array, face: Points) -> Array:
        _, top, _, bottom = _compute_bounding_box(face, self.landmarks)
        local_share = self.share * _compute_plateau(points[:, 1], top, bottom, *self.fade)
        (x0, y0), (x1, y1) = face[list(MIDLINE_LANDMARKS)]
        from_middle = points[:, 0] - (x0 + (points[:, 1] - y0) * ((x1 - x0) / (y1 - y0))).astype(points.dtype)
        left, right = (_interpolate_contour_distance(points[:, 1], face, side) for side in CONTOUR_LANDMARKS)
        half_width = np.where(from_middle < 0, left, right)
        distance = np.abs(from_middle)
        inner_weight = smootherstep(1 - (1 - distance / half_width) / self.inner_fade)
        outer_weight = smootherstep(1 - (distance - half_width) / self.outer_fade)
        across = np.sign(from_middle) * half_width * local_share * inner_weight * outer_weight
        return np.stack([across, np.zeros_like(across)], -1)


Operation = _LocalOperation | Narrow


def compute_face_axes(face: Face) -> tuple[Points, Points]:
    """(landmarks, axes): (478, 2) in face widths from ORIGIN_LANDMARK; (2, 2) whose columns are x and y in pixels."""
    roll = np.radians(face.roll)
    axes = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) * face.width
    landmarks = (face.landmarks - face.landmarks[ORIGIN_LANDMARK]) @ axes / face.width**2
    return landmarks, axes


def _compute_bounding_box(face: Points, group: tuple[int, ...]) -> Bounds:
    points = face[list(group)]
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    return float(x0), float(y0), float(x1), float(y1)


def _compute_plateau(values: Array, low: float, high: float, fade_low: float, fade_high: float) -> Array:
    """1 from `low` to `high`, falling smoothly to 0 at `fade_low` below and `fade_high` above."""
    return smootherstep(np.minimum((values - low) / fade_low, (high - values) / fade_high) + 1.0)


def _interpolate_contour_distance(heights: Array, face: Points, side: tuple[int, ...]) -> Array:
    """Distance between the contour and the middle line at each height."""
    points = face[list(side)]
    (x0, y0), (x1, y1) = face[list(MIDLINE_LANDMARKS)]
    distances = np.abs(points[:, 0] - x0 - (points[:, 1] - y0) * (x1 - x0) / (y1 - y0))
    levels = np.maximum.accumulate(points[:, 1])  # np.interp needs rising heights; a nodding head may fold the mesh
    distances = np.maximum(distances, max(0.05, MIN_CONTOUR_SHARE * float(distances.max())))
    return np.interp(heights, levels, distances).astype(heights.dtype)
