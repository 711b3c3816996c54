"""The painted base face: brows, eyes, nose, lips and a blush on the rendered mannequin."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

from __future__ import annotations

import cv2
import numpy as np

from .head import EYES

_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
_SEAM = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
_EYES = (EYES[:16], EYES[16:])
_UPPER_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (263, 466, 388, 387, 386, 385, 384, 398, 362))
_LOWER_LIDS = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (263, 249, 390, 373, 374, 380, 381, 382, 362))
_BROWS = (((70, 63, 105, 66, 107), (46, 53, 52, 65, 55)), ((300, 293, 334, 296, 336), (276, 283, 282, 295, 285)))
_IRISES = ((468, 469), (473, 474))


class _Easel:
    """A crop of the picture (sRGB floats), painted at four times its size and laid back softly."""

    def __init__(self, image: np.ndarray, marks: np.ndarray) -> None:
        self.image, self.marks = image, marks
        self.unit = np.linalg.norm(marks[454] - marks[234]) / 360  # 1.0 for a face 360 px wide

    def mask(self, points: np.ndarray, soft: float, width: float | None = None, taper: bool = False) -> np.ndarray:
        """Filled outline, or a stroke of `width` px; `soft` is the blur in px (of a 360 px face)."""
        h, w = self.image.shape[:2]
        low = np.maximum(np.floor(points.min(0) - 30 * self.unit), 0).astype(int)
        high = np.minimum(np.ceil(points.max(0) + 30 * self.unit), (w, h)).astype(int)
        tile = np.zeros(((high[1] - low[1]) * 4, (high[0] - low[0]) * 4), np.uint8)
        q = np.int32(((points - low + 0.5) * 4 - 0.5) * 16)
        if width is None:
            cv2.fillPoly(tile, [q], 255, cv2.LINE_AA, 4)
        else:
            for k in range(len(q) - 1):
                share = np.sin(np.pi * (k + 0.7) / len(q)) ** 0.6 if taper else 1.0
                cv2.line(
                    tile,
                    tuple(q[k]),
                    tuple(q[k + 1]),
                    255,
                    max(1, round(width * share * 4 * self.unit)),
                    cv2.LINE_AA,
                    4,
                )
        tile = cv2.resize(tile, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        full = np.zeros((h, w), np.float32)
        full[low[1] : high[1], low[0] : high[0]] = tile / 255
        return cv2.GaussianBlur(full, (0, 0), max(soft * self.unit, 0.4))

    def lay(self, mask: np.ndarray, colour, strength: float, multiply: bool = False) -> None:
        a = (mask * strength)[..., None]
        tone = np.array(colour, np.float32)
        goal = self.image * tone if multiply else np.broadcast_to(tone, self.image.shape)
        self.image = self.image * (1 - a) + goal * a


def _curve(points: np.ndarray, count: int = 40) -> np.ndarray:
    """A smooth line through a few points."""
    t = np.linspace(0, len(points) - 1, count)
    fit = np.polynomial.Polynomial.fit
    degree = min(4, len(points) - 1)
    return np.stack([fit(np.arange(len(points)), points[:, k], degree)(t) for k in (0, 1)], -1)


def _eye(easel: _Easel, side: int, iris: tuple, shade: float) -> None:
    m, unit = easel.marks, easel.unit
    upper, lower = _curve(m[list(_UPPER_LIDS[side])]), _curve(m[list(_LOWER_LIDS[side])])
    upper = upper + (lower - upper) * 0.10
    opening = easel.mask(np.concatenate([upper, lower[::-1]]), 0.5)
    before = easel.image.copy()
    easel.lay(np.ones_like(opening), np.array([0.86, 0.83, 0.80]) * shade, 1.0)
    centre, rim = m[_IRISES[side][0]], np.linalg.norm(m[_IRISES[side][1]] - m[_IRISES[side][0]]) * 1.02
    y, x = np.mgrid[: opening.shape[0], : opening.shape[1]].astype(np.float32)
    far = np.hypot(x - centre[0], y - centre[1]) / rim
    ball = np.hypot((x - centre[0]) / 2.2, y - centre[1]) / rim
    easel.lay(np.clip(ball - 0.35, 0, 1), (0.62, 0.50, 0.46), 0.75, multiply=True)
    disc = np.clip((1.04 - far) * rim * 0.7 + 0.5, 0, 1)
    easel.lay(disc, np.array(iris) * 0.45, 1.0)
    easel.lay(np.clip((0.86 - far) * 4, 0, 1) * np.clip(0.75 + (y - centre[1]) / rim * 0.6, 0.15, 1), iris, 0.9)
    easel.lay(np.clip((0.45 - far) * rim * 0.7 + 0.5, 0, 1), (0.05, 0.035, 0.03), 0.96)
    lid = easel.mask(upper + [0, 2.5 * unit], 3.0, 8)
    easel.lay(lid, (0.42, 0.34, 0.32), 0.75, multiply=True)
    glint = np.hypot(x - centre[0] + 0.33 * rim, y - centre[1] + 0.36 * rim) / rim
    easel.lay(np.clip((0.2 - glint) * rim * 0.6 + 0.4, 0, 1), (0.98, 0.97, 0.95), 0.85)
    easel.image = before * (1 - opening[..., None]) + easel.image * opening[..., None]
    easel.lay(easel.mask(upper + [0, -7.0 * unit], 2.0, 2.5, taper=True), (0.45, 0.27, 0.22), 0.5, multiply=True)
    easel.lay(easel.mask(upper + [0, -4 * unit], 5.0, 9, taper=True), (0.72, 0.52, 0.46), 0.5, multiply=True)
    easel.lay(easel.mask(upper + [0, -0.6 * unit], 0.7, 3.4, taper=True), (0.10, 0.06, 0.05), 0.9)
    easel.lay(easel.mask(lower + [0, 0.6 * unit], 0.9, 1.6, taper=True), (0.30, 0.18, 0.15), 0.5)


def _brow(easel: _Easel, side: int, colour, rng: np.random.Generator) -> None:
    top, bottom = (_curve(easel.marks[list(row)]) for row in _BROWS[side])
    top = top * 0.55 + bottom * 0.45
    bottom = bottom * 0.92 + top * 0.08
    easel.lay(easel.mask(np.concatenate([top, bottom[::-1]]), 2.6), colour, 0.42)
    for _ in range(90):
        t = rng.random()
        k = min(int(t * 39), 38)
        root = bottom[k] + (top[k] - bottom[k]) * rng.random()
        along = (bottom[k] - bottom[k + 1]) / np.linalg.norm(bottom[k] - bottom[k + 1])
        lift = np.array([0, -1.0]) * t * 0.9
        tip = root + (along + lift + rng.normal(0, 0.15, 2)) * easel.unit * rng.uniform(5, 10)
        easel.lay(easel.mask(np.stack([root, tip]), 0.4, 1.0), colour, 0.4)


def _nose(easel: _Easel) -> None:
    """The mesh's relief is blunt and broad under the nose: even it out and model the tip with the brush."""
    m, unit = easel.marks, easel.unit
    low = (m[98] + m[327]) / 2
    half = np.linalg.norm(m[327] - m[98]) / 2
    ring = np.array([[np.cos(a) * 2.3, np.sin(a) * 1.15] for a in np.linspace(0, 2 * np.pi, 40)]) * half
    calm = easel.mask(low + [0, -0.25 * half] + ring, 11)[..., None]
    easel.image = easel.image * (1 - calm) + cv2.GaussianBlur(easel.image, (0, 0), 26 * unit) * calm * 1.03
    warm, deep = (0.74, 0.52, 0.44), (0.42, 0.24, 0.19)
    arc = np.linspace(0.18 * np.pi, 0.82 * np.pi, 30)
    under = low + np.stack([np.cos(arc) * 0.80, np.sin(arc) * 0.30 - 0.26], -1) * half
    easel.lay(easel.mask(np.concatenate([under, under[::-1] + [0, 0.20 * half]]), 4.0), warm, 0.5, multiply=True)
    for side in (-1, 1):
        wing = np.linspace(-0.45 * np.pi, 0.42 * np.pi, 24)
        curve = low + np.stack([side * (0.78 + 0.32 * np.cos(wing)), 0.42 * np.sin(wing) - 0.32], -1) * half
        easel.lay(easel.mask(curve, 3.2, 4.5, taper=True), warm, 0.6, multiply=True)
        hole = low + np.array([[0.24, 0.0], [0.46, -0.12], [0.72, -0.02]]) * [side * half, half]
        easel.lay(easel.mask(_curve(hole, 12), 2.0, 4.6, taper=True), deep, 0.55)
        flank = np.stack(
            [low + np.array([side * x, y]) * half for x, y in ((0.62, -0.75), (0.46, -1.6), (0.40, -2.6), (0.55, -3.4))]
        )
        easel.lay(easel.mask(_curve(flank), 7, 9), (0.86, 0.72, 0.66), 0.5 if side > 0 else 0.28, multiply=True)
    easel.lay(easel.mask(low + np.array([[-0.10, -0.72], [0.08, -0.72]]) * half, 4.5, 8), (1, 0.95, 0.91), 0.32)
    easel.lay(easel.mask(low + np.array([[-0.05, -1.3], [-0.03, -3.0]]) * half, 4.5, 5), (1, 0.95, 0.91), 0.16)


def base_face(
    image: np.ndarray,
    marks: np.ndarray,
    iris=(0.36, 0.25, 0.16),
    brow=(0.22, 0.15, 0.11),
    lip=(0.80, 0.50, 0.48),
    blush=0.35,
    lips=0.45,
) -> np.ndarray:
    """sRGB floats (h, w, 3) with features painted at `marks` (478, 2); the light of the render shows through."""
    easel = _Easel(image.astype(np.float32), marks)
    rng = np.random.default_rng(5)
    shade = float(
        np.median(image[int(marks[1, 1]) - 20 : int(marks[1, 1]), int(marks[1, 0]) - 10 : int(marks[1, 0]) + 10])
    )
    _nose(easel)
    for side, cheek in enumerate((50, 280)):
        easel.lay(easel.mask(marks[cheek][None] + [[-8, 0], [8, 0]], 26, 30), (1.0, 0.70, 0.64), blush, multiply=True)
        _eye(easel, side, iris, min(1.0, shade * 1.25))
        _brow(easel, side, brow, rng)
    easel.lay(easel.mask(marks[list(_LIPS)], 2.2), lip, lips, multiply=True)
    upper = np.concatenate([marks[list(_LIPS[:11])], marks[list(_SEAM)][::-1]])
    easel.lay(easel.mask(upper, 1.6), (0.80, 0.66, 0.66), 0.6, multiply=True)
    easel.lay(easel.mask(_curve(marks[list(_SEAM)]), 1.0, 2.2, taper=True), (0.28, 0.11, 0.10), 0.75)
    easel.lay(easel.mask(marks[17][None] + np.array([[-9, -7], [9, -7]]) * easel.unit, 3.0, 4), (1, 0.93, 0.9), 0.22)
    return np.clip(easel.image, 0, 1)
