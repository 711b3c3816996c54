"""Sharpens eyes, brows, lips and the hair line of faces, because viewers look at the eyes."""

from collections.abc import Iterator, Sequence
from typing import Final

import cv2
import numpy as np

from ...imaging.align import LIPS, Points, scale_outline
from ...imaging.blend import Mask, build_polygon_mask
from ...imaging.box import Box
from ...imaging.face import LEFT_CHEEK_POINT, RIGHT_CHEEK_POINT, Face
from ...imaging.segmentation import BROW_CONTOURS
from .planes import Plane

# Landmarks whose convex hulls cover eyes with lashes.
EYE_LANDMARKS: Final = ((33, 7, 144, 145, 153, 133, 157, 159, 161), (263, 249, 373, 374, 380, 362, 384, 386, 388))
_HEAD_SCALE: Final = 1.55  # of the face oval, to include hair line, ears and beard

_FEATURE_CLARITY: Final = 0.55
_HAIR_CLARITY: Final = 0.3
_MAX_CLARITY_CHANGE: Final = 14.0  # levels of a pixel; prevents halos
_DETAIL_SIGMA_SHARE: Final = 1 / 150  # of the face's width: the scale of lashes and hair strands


def sharpen_features(luma: Plane, faces: Sequence[Face]) -> Plane:
    """Sharpen eyes, brows, lips and hair line of `faces`, at a scale relative to each face's width."""
    result = luma.copy()
    for region, points in _find_heads(faces, luma.shape):
        part, width = luma[region], float(np.linalg.norm(points[RIGHT_CHEEK_POINT] - points[LEFT_CHEEK_POINT]))
        radius = float(np.clip(width * _DETAIL_SIGMA_SHARE, 0.8, 4))
        detail = np.clip(part - cv2.GaussianBlur(part, (0, 0), radius), -_MAX_CLARITY_CHANGE, _MAX_CLARITY_CHANGE)
        result[region] += detail * _build_clarity_mask(points, part.shape)  # heads of neighbours overlap
    return result


def _find_heads(faces: Sequence[Face], shape: tuple[int, ...]) -> Iterator[tuple[tuple[slice, slice], Points]]:
    """Slices of each head, and its landmarks relative to them, where a plane of `shape` shows 8 pixels of it."""
    for face in faces:
        points = face.landmarks.astype(np.float64)
        if np.isfinite(points).all():
            outline = scale_outline(points, _HEAD_SCALE + 0.3)
            box = Box.enclose(outline.min(0), outline.max(0), shape)
            if min(box.shape) >= 8:
                yield box.slices, points - box.corner


def _build_hull_mask(
    points: Points, indices: Sequence[int], scale: float, shape: tuple[int, ...], feather: float
) -> Mask:
    hull = cv2.convexHull(points[list(indices)].astype(np.float32))[:, 0].astype(np.float64)
    return build_polygon_mask(hull.mean(0) + (hull - hull.mean(0)) * scale, shape, feather)


def _build_feature_mask(points: Points, shape: tuple[int, ...], feather: float) -> Mask:
    masks = [_build_hull_mask(points, part, 1.35, shape, feather) for part in (*EYE_LANDMARKS, *BROW_CONTOURS)]
    return np.maximum.reduce([*masks, _build_hull_mask(points, LIPS, 1.05, shape, feather)])


def _build_clarity_mask(points: Points, shape: tuple[int, ...]) -> Mask:
    feather = 0.05 * float(np.ptp(scale_outline(points, 1)[:, 0]))
    head = build_polygon_mask(scale_outline(points, _HEAD_SCALE), shape, 4 * feather)
    ring = head * (1 - build_polygon_mask(scale_outline(points, 0.97), shape, feather))
    return np.maximum(_FEATURE_CLARITY * _build_feature_mask(points, shape, feather), _HAIR_CLARITY * ring)
