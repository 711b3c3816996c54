"""Facial aesthetics: 22 warps of one face. Called by the offline engine.

Local operations, one after the other, in axes that lean with the head and with face width as the unit: one declaration
fits every size, place and tilt. The picture is resampled once, and only where something moves.
"""

import math

import numpy as np

from ...domain.errors import ValueRejected
from ..imaging.faces import Face, Image
from ..imaging.warp import Array, Warp, build_warp
from .shape_operations import ORIGIN_LANDMARK, compute_face_axes
from .shapes import SHAPES

EDGE_FADE_FACE_WIDTHS = 0.25  # face widths from the frame's edge within which movement across it fades out


def reshape(image: Image, face: Face, shape_type: int, strength: float = 1.0) -> Image:
    """`image` with one shape applied to `face` at `strength` 0..1; a new array. Strength 0 returns the same pixels.

    Raises ValueRejected for a number that is no shape, or a strength that is no number from 0 to 1.
    """
    return build_face_warp(image.shape, face, shape_type, strength).apply(image)


def build_face_warp(shape: tuple[int, ...], face: Face, shape_type: int, strength: float = 1.0) -> Warp:
    """The warp that `reshape` applies, for an image of `shape` (height, width): carries landmarks through the field."""
    operations, amount = SHAPES[_validate_shape(shape_type)], _validate_strength(strength)
    landmarks, axes = compute_face_axes(face)
    origin = face.landmarks[ORIGIN_LANDMARK].astype(np.float64)
    inverse = axes.T / face.width**2  # axes are at right angles and a face width long

    def field(points: Array) -> Array:
        result = np.asarray((points - origin) @ inverse.T, points.dtype)
        source = result
        for operation in reversed(operations):  # backwards: the last one is undone first
            source = source + operation.compute_offsets(source, landmarks)
        return np.asarray((source - result) @ axes.T.astype(points.dtype))

    boxes = np.array([box for operation in operations for box in operation.compute_bounds(landmarks)])
    (x0, y0), (x1, y1) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    corners = np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)]) @ axes.T + origin
    low, high = corners.min(0), corners.max(0)
    return build_warp(field, (*low, *high), shape, EDGE_FADE_FACE_WIDTHS * face.width, amount)


def _validate_shape(shape_type: int) -> int:
    try:
        number = int(shape_type)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if not 0 <= number < len(SHAPES):
        raise ValueRejected(control="shape_type", value=str(shape_type), allowed=f"0..{len(SHAPES) - 1}")
    return number


def _validate_strength(strength: float) -> float:
    try:
        amount = float(strength)
    except (TypeError, ValueError, OverflowError):
        amount = math.nan
    if not 0 <= amount <= 1:
        raise ValueRejected(control="strength", value=str(strength), allowed="0..1")
    return amount
