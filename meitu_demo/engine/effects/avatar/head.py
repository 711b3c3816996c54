"""Crops a photo to the heads that are drawn, and enlarges their eyes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...imaging.blend import build_polygon_mask, smoothstep
from ...imaging.face import Face

Image = NDArray[np.uint8]
Plane = NDArray[np.float32]  # (h, w)
Lab = NDArray[np.float32]  # (3,) or (h, w, 3)
Points = NDArray[np.float64]

FOREHEAD, CHIN, RIGHT_CHEEK, LEFT_CHEEK, NOSE_TIP = 10, 152, 234, 454, 4
EYELIDS = (  # from the outer corner to the inner one: upper lid, lower lid
    ((33, 246, 161, 160, 159, 158, 157, 173, 133), (33, 7, 163, 144, 145, 153, 154, 155, 133)),
    ((263, 466, 388, 387, 386, 385, 384, 398, 362), (263, 249, 390, 373, 374, 380, 381, 382, 362)),
)
LIP_RIMS = (  # from corner to corner: the rim of the upper lip towards the mouth, that of the lower lip
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
MOUTH = (*LIP_RIMS[0], *LIP_RIMS[1][-2:0:-1])
MIN_MOUTH_OPENING = 0.07  # height / width
EYES = tuple((*upper, *lower[-2:0:-1]) for upper, lower in EYELIDS)
IRISES = ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477)))  # centre, rim
CROP_FACE_WIDTHS = np.array(((-1.4, -1.3), (1.4, 1.5)))  # around the middle of a face: left, top; right, bottom
CROP_SIDE_PX, MAX_CROP_SIDE_PX = 640, 896  # long side, for one face and for a group
MIN_FACE_WIDTH_PX = 150  # in a crop; smaller faces get a larger crop, up to the maximum
CROP_STEP_PX = 16  # sides are multiples of it, so that all sizes derived from them are whole
MIN_REGION_PX = 16
MAX_FRAME_NOISE = 10  # levels: rows of a frame around a photo differ less
MAX_CUT_OUTS = 3  # people before a backdrop; a larger group is drawn in its scene
MIN_CUT_OUT_FACE_PX = 30  # on the photo; smaller faces are drawn in their scene
MAX_SCENE_FACE_WIDTHS = 20.0  # of the largest face, along the long side of a scene

EYE_WIDTH_SHARE, MIN_EYE_GAIN, MAX_EYE_GAIN = 0.25, 1.06, 1.22  # aim for the eye's width / face width; factor
OPENING_GAIN = 1.08  # of the height over that of the width: narrow eyes stay narrow
INVERSE_ITERATIONS = 20
CURVE_POINTS = 40
STROKE_OVERSAMPLING = 4


@dataclass(frozen=True, eq=False)
class Head:
    """A face in a picture. points: (478, 2) pixels of the picture, pixel centres at integers."""

    points: Points

    @cached_property
    def right(self) -> Points:
        """Unit vector from the eye on the image's left to the other one."""
        across = self.points[263] - self.points[33]
        return np.asarray(across / max(float(np.linalg.norm(across)), 1e-6))

    @cached_property
    def down(self) -> Points:
        """Unit vector from the forehead to the chin, at a right angle to `right`."""
        return np.array([-self.right[1], self.right[0]])

    @cached_property
    def width(self) -> float:
        """Pixels of one face width seen from the front; a turned face is measured by its height."""
        width = np.linalg.norm(self.points[LEFT_CHEEK] - self.points[RIGHT_CHEEK])
        height = np.linalg.norm(self.points[CHIN] - self.points[FOREHEAD])
        return max(float(width), float(height) / 1.3, 4.0)

    @cached_property
    def middle(self) -> Points:
        """Middle between forehead and chin."""
        return np.asarray((self.points[FOREHEAD] + self.points[CHIN]) / 2)

    def project(self, x: Plane | Points, y: Plane | Points, origin: Points) -> tuple[Plane, Plane]:
        """(u, v) in pixels of picture points relative to `origin`: u along `right`, v along `down`."""
        dx, dy = x - origin[0], y - origin[1]
        return dx * self.right[0] + dy * self.right[1], dx * self.down[0] + dy * self.down[1]

    def build_grid(self, shape: tuple[int, ...]) -> tuple[Plane, Plane]:
        """(u, v) of each pixel of a picture of `shape`, in face widths around `middle`."""
        y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        u, v = self.project(x, y, self.middle)
        return np.asarray(u / self.width, np.float32), np.asarray(v / self.width, np.float32)

    def locate(self, *points: int) -> float:
        """How far below `middle` the mean of mesh `points` lies, in face widths."""
        return float((self.points[list(points)].mean(0) - self.middle) @ self.down) / self.width

    def fill(self, points: Sequence[int], shape: tuple[int, ...], grow: float = 1.0) -> Plane:
        """Fill the polygon through mesh `points`, grown about its middle: float32 (h, w), 0..1."""
        outline = self.points[list(points)]
        middle = outline.mean(0)
        return build_polygon_mask(middle + (outline - middle) * grow, shape, 0)

    def fill_hull(self, shape: tuple[int, ...], points: Sequence[int]) -> Plane:
        """Fill the convex hull of mesh `points`: float32 (h, w), 0..1."""
        return build_polygon_mask(cv2.convexHull(self.points[list(points)].astype(np.float32))[:, 0], shape, 0)

    def move(self, offset: Sequence[float] | Points, scale: float | Points = 1.0) -> "Head":
        """The head after the picture was moved by `offset` px and then scaled by `scale`."""
        return Head((self.points + np.asarray(offset) + 0.5) * scale - 0.5)


def to_lab(image: Image) -> Lab:
    """Convert RGB uint8 to LAB."""
    return np.asarray(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def sort_heads(faces: Sequence[Face]) -> list[Head]:
    """The heads of `faces`, the largest first."""
    return sorted((Head(np.asarray(face.landmarks, float)) for face in faces), key=lambda head: -head.width)


def is_scene(heads: Sequence[Head]) -> bool:
    """Whether `heads` on a photo, the largest first, are too many or too small to be cut out of it."""
    return len(heads) > MAX_CUT_OUTS or heads[0].width < MIN_CUT_OUT_FACE_PX


def crop_to_heads(image: Image, faces: Sequence[Face]) -> tuple[Image, list[Head]]:
    """Crop RGB `image` to heads and shoulders, or to the scene of a group, and scale it: (picture, the heads on it).

    The picture's long side is CROP_SIDE_PX to MAX_CROP_SIDE_PX, its sides are multiples of CROP_STEP_PX. The first head
    is the largest.
    """
    heads = sort_heads(faces)
    (u0, v0), (u1, v1) = CROP_FACE_WIDTHS
    corners = np.array(
        [
            head.middle + head.width * (u * head.right + v * head.down)
            for head in heads
            for u in (u0, u1)
            for v in (v0, v1)
        ]
    )
    frame = next((n for n, row in enumerate(image[::-1]) if np.ptp(row, axis=0).max() > MAX_FRAME_NOISE), 0)
    size = np.array((image.shape[1], image.shape[0] - frame))  # without a frame or a bar below
    least = np.minimum(size, MIN_REGION_PX)
    first, last = corners.min(0), corners.max(0)
    if is_scene(heads):  # as much of the scene as leaves the faces large enough
        middle = (first + last) / 2
        half = np.maximum(last - first, size * min(1.0, MAX_SCENE_FACE_WIDTHS * heads[0].width / size.max())) / 2
        middle = np.clip(middle, np.minimum(half, size / 2), np.maximum(size - half, size / 2))
        first, last = middle - half, middle + half
    low = np.clip(np.floor(first), 0, size - least).astype(int)
    high = np.clip(np.ceil(last), low + least, size).astype(int)
    longest = int((high - low).max())
    wanted = MIN_FACE_WIDTH_PX * longest / heads[0].width
    scale = float(np.clip(wanted, CROP_SIDE_PX, MAX_CROP_SIDE_PX)) / longest
    target = np.maximum(np.round((high - low) * scale / CROP_STEP_PX), 1).astype(int) * CROP_STEP_PX
    region = image[low[1] : high[1], low[0] : high[0]]
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(region, target.tolist(), interpolation=method), np.uint8)
    return picture, [head.move(-low, target / (high - low)) for head in heads]


def rotate_heads(heads: Sequence[Head], shape: tuple[int, ...], turns: int) -> list[Head]:
    """The heads on ``np.rot90(picture, turns)``; `shape` is that of the picture before."""
    height, width = shape[:2]
    rotated = []
    for head in heads:
        x, y = head.points.T
        quarters = ((x, y), (y, width - 1 - x), (width - 1 - x, height - 1 - y), (height - 1 - y, x))
        rotated.append(Head(np.stack(quarters[turns % 4], 1)))
    return rotated


def build_anime_warp(heads: Sequence[Head], shape: tuple[int, ...]) -> tuple[Plane, Plane, list[Head]]:
    """(map_x, map_y, warped heads) for cv2.remap: larger eyes."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    map_x, map_y = x.copy(), y.copy()
    warped = []
    for head in heads:
        dx, dy = _compute_offsets(head, shape, x, y)
        map_x, map_y = map_x + dx, map_y + dy
        points = head.points
        for _ in range(INVERSE_ITERATIONS):
            points = head.points - np.stack(_compute_offsets(head, shape, *points.T), 1)
        warped.append(Head(points))
    return np.asarray(map_x, np.float32), np.asarray(map_y, np.float32), warped


def _compute_offsets(head: Head, shape: tuple[int, ...], x: Plane | Points, y: Plane | Points) -> tuple[Plane, Plane]:
    """Offsets in pixels from points of the warped picture to their sources."""
    points, width = head.points, head.width
    across, along = np.zeros_like(x), np.zeros_like(x)
    calm = float(smoothstep(0.40, 0.65, width / max(shape[:2])))  # in a close-up, large eyes stare
    for eye in EYES:
        outline = points[list(eye)]
        eye_width = max(float(np.linalg.norm(outline[0] - outline[8])), 1.0)
        gain_u = float(np.clip(EYE_WIDTH_SHARE * width / eye_width, MIN_EYE_GAIN, MAX_EYE_GAIN))
        gain_v = OPENING_GAIN * gain_u
        gain_u, gain_v = gain_u + (1.08 - gain_u) * calm, gain_v + (1.12 - gain_v) * calm
        u, v = head.project(x, y, (outline[0] + outline[8]) / 4 + outline.mean(0) / 2)
        weight = smoothstep(1.0, 0.25, np.hypot(u / (1.25 * eye_width), v / eye_width))
        across += u * (1 / gain_u - 1) * weight
        along += v * (1 / gain_v - 1) * weight
    return across * head.right[0] + along * head.down[0], across * head.right[1] + along * head.down[1]


def fit_curve(points: Points) -> Points:
    """CURVE_POINTS points (n, 2) along a smooth curve near `points` and through their ends."""
    length = np.append(0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    length /= max(float(length[-1]), 1e-6)
    weights = np.ones(len(points))
    weights[[0, -1]] = 6
    position = np.linspace(0, 1, CURVE_POINTS)
    degree = min(4, len(points) - 1)
    axes = [np.polyval(np.polyfit(length, points[:, axis], degree, w=weights), position) for axis in (0, 1)]
    return np.stack(axes, 1)


def fit_opening(head: Head, above: Sequence[int], below: Sequence[int]) -> tuple[Points, Points, float]:
    """(curve of the upper lid or lip, curve of the lower one, height / width of what is between them)."""
    upper, lower = fit_curve(head.points[list(above)]), fit_curve(head.points[list(below)])
    width = max(float(np.linalg.norm(upper[0] - upper[-1])), 1e-6)
    return upper, lower, float(np.max((lower - upper) @ head.down)) / width


def draw_stroke(shape: tuple[int, ...], line: Points, widths: Points) -> Plane:
    """The mask of a brush stroke along `line` (n, 2) with `widths` (n,) in pixels: float32 (h, w), 0..1."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], 1) / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-6)
    half = across * np.asarray(widths)[:, None] / 2
    outline = np.vstack([line + half, (line - half)[::-1]])
    low = np.floor(outline.min(0) - 1).astype(int).clip(0, shape[1::-1])
    high = np.ceil(outline.max(0) + 2).astype(int).clip(low, shape[1::-1])
    mask = np.zeros(shape[:2], np.float32)
    if (high > low).all():  # drawn large and shrunk, or lines thinner than 2 px are jagged
        fine = np.zeros((high - low)[::-1] * STROKE_OVERSAMPLING, np.uint8)
        cv2.fillPoly(
            fine, [np.rint(((outline - low + 0.5) * STROKE_OVERSAMPLING - 0.5) * 16).astype(int)], (255,), cv2.LINE_8, 4
        )
        part = cv2.resize(fine, (high - low).tolist(), interpolation=cv2.INTER_AREA)
        mask[low[1] : high[1], low[0] : high[0]] = part.astype(np.float32) / 255
    return mask
