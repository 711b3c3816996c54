"""The sitter: the canonical face as a solid head with neck and ears, and its landmarks."""
# ruff: noqa: RUF005 - a list added to an array is a shift, not a concatenation

from __future__ import annotations

import functools
import json

import numpy as np
from matplotlib.path import Path as Outline
from scipy.interpolate import CubicSpline, RBFInterpolator, RegularGridInterpolator
from scipy.ndimage import distance_transform_edt, gaussian_filter, gaussian_filter1d
from scipy.spatial import cKDTree

from .canonical import DATA
from .solids import Mesh, capsule, contour, ellipsoid, merge

OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377)
OVAL += (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)

NOSE = (1, 2, 4, 5, 195, 197, 6, 168, 98, 327, 48, 278, 64, 294, 115, 344, 94, 19, 45, 275, 220, 440, 102, 331, 49, 279)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146, 13, 14)
EYES = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246)
EYES += (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)
FEATURES = NOSE + LIPS + EYES


@functools.cache
def landmarks() -> np.ndarray:
    """(478, 3) cm; x right, y up, z towards the viewer, origin between the eyes."""
    return np.array(json.loads(DATA.read_text())["points"])


@functools.cache
def _relief() -> tuple[RegularGridInterpolator, RegularGridInterpolator]:
    """Face depth z(x, y) and the signed distance to the face oval, both on a 1 mm net."""
    points = landmarks()
    x, y = np.arange(-9, 9.01, 0.1), np.arange(-14.5, 6.51, 0.1)
    net = np.stack(np.meshgrid(x, y, indexing="ij"), -1)
    depth = RBFInterpolator(points[:468, :2], points[:468, 2], smoothing=0.003)(net.reshape(-1, 2)).reshape(
        net.shape[:2]
    )
    near, _ = cKDTree(points[list(FEATURES), :2]).query(net.reshape(-1, 2))
    keep = np.clip(1.5 - near.reshape(depth.shape) / 0.6, 0, 1)  # sharp around nose, lips and eyes, calm elsewhere
    keep = gaussian_filter(keep, 3)
    depth = gaussian_filter(depth, 1.2) * keep + gaussian_filter(depth, 7) * (1 - keep)
    inside = Outline(points[list(OVAL), :2]).contains_points(net.reshape(-1, 2)).reshape(net.shape[:2])
    edge = (distance_transform_edt(~inside) - distance_transform_edt(inside)) * 0.1
    options = {"bounds_error": False, "fill_value": None}
    return RegularGridInterpolator((x, y), depth, **options), RegularGridInterpolator((x, y), edge, **options)


def head_distance(p: np.ndarray) -> np.ndarray:
    """Signed distance (cm, roughly) to the bare head."""
    depth, edge = _relief()
    flat = np.clip(p[..., :2], [-9, -14.5], [9, 6.5])
    z = depth(flat)
    dx = (depth(flat + [0.1, 0]) - depth(flat - [0.1, 0])) / 0.2
    dy = (depth(flat + [0, 0.1]) - depth(flat - [0, 0.1])) / 0.2
    face = (p[..., 2] - z) / np.sqrt(1 + dx**2 + dy**2)
    face = np.maximum(np.maximum(face, edge(flat)), -p[..., 2] - 9.0)
    skull = ellipsoid(p, (0, 1.2, -9.0), (7.5, 9.2, 8.4))
    jaw = ellipsoid(p, (0, -6.0, -7.2), (6.4, 6.0, 5.8))
    return merge(merge(skull, jaw, 2.0), face, 1.1)


def _neck(p: np.ndarray) -> np.ndarray:
    neck = capsule(p, (0, -8, -10.5), (0, -24, -12.0), 5.3, 5.6)
    chest = ellipsoid(p, (0, -36, -13.5), (19, 13, 9.5))
    slope = merge(
        capsule(p, (0, -18, -13.5), (15, -24.5, -13.5), 3.0, 4.6),
        capsule(p, (0, -18, -13.5), (-15, -24.5, -13.5), 3.0, 4.6),
        1.0,
    )
    bones = np.minimum(
        capsule(p, (1.2, -23.2, -5.6), (13, -22, -10), 0.25, 0.3),
        capsule(p, (-1.2, -23.2, -5.6), (-13, -22, -10), 0.25, 0.3),
    )
    return merge(merge(merge(neck, chest, 4.5), slope, 4.0), bones, 2.2)


def _ears(p: np.ndarray) -> np.ndarray:
    q = p.copy()
    q[..., 0] = np.abs(q[..., 0])
    shell = ellipsoid(q, (8.3, -2.6, -9.3), (0.75, 3.1, 1.7))
    bowl = ellipsoid(q, (9.0, -2.4, -8.4), (0.7, 1.9, 1.2))
    lobe = ellipsoid(q, (7.9, -5.2, -8.9), (0.6, 0.9, 0.8))
    return merge(np.maximum(shell, -bowl), lobe, 0.6)


@functools.cache
def sitter(bare_shoulders: bool = True, step: float = 0.16) -> Mesh:
    """Head, ears, neck and, where the garment shows them, bare shoulders as one mesh."""

    def whole(p: np.ndarray) -> np.ndarray:
        throat = _neck(p) if bare_shoulders else capsule(p, (0, -8, -10.5), (0, -24, -12.0), 5.3, 5.6)
        return merge(merge(head_distance(p), _ears(p), 0.8), throat, 1.6)

    low = (-24, -34, -23) if bare_shoulders else (-10, -26, -19)
    return contour(whole, low, (-low[0], 11, 3.4), step if not bare_shoulders else step * 1.25)


def oval_distance(p: np.ndarray) -> np.ndarray:
    """Signed distance (cm, in the picture plane) of any points to the face oval, negative inside."""
    return _relief()[1](np.clip(p[..., :2], [-9, -14.5], [9, 6.5]))


def rim(inset: float, lift: float, count: int = 160) -> np.ndarray:
    """(count, 3): a smooth closed line `inset` cm inside the face oval and `lift` cm above the skin, from the top."""
    points = landmarks()[list(OVAL)]
    closed = np.vstack([points, points[:1]])
    angle = np.linspace(0, 2 * np.pi, len(closed))
    x, y = (
        CubicSpline(angle, closed[:, k], bc_type="periodic")(np.linspace(0, 2 * np.pi, count, endpoint=False))
        for k in (0, 1)
    )
    x, y = (gaussian_filter1d(v, count / 60, mode="wrap") for v in (x, y))
    dx, dy = np.gradient(np.pad(x, 1, "wrap"))[1:-1], np.gradient(np.pad(y, 1, "wrap"))[1:-1]
    size = np.hypot(dx, dy)
    x, y = x + inset * dy / size, y - inset * dx / size
    z = gaussian_filter1d(_relief()[0](np.stack([x, y], -1)), count / 60, mode="wrap")
    return np.stack([x, y, z + lift], -1)
