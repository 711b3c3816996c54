"""Facial aesthetics: 22 warps of one face.

A shape is a sequence of local operations in head-aligned axes with the face width as the unit, so that one declaration
fits every size, position and roll. The picture is resampled once, and only where something moves.
"""

import numpy as np

from ...domain.errors import ValueRejected
from ..imaging.faces import Face, Image
from ..imaging.warp import Array, Warp, build_warp
from .shape_operations import ORIGIN_LANDMARK, compute_face_axes
from .shapes import SHAPES

EDGE_FADE_FACE_WIDTHS = 0.25  # movement across the frame's edge fades out within this distance of it


def reshape(image: Image, face: Face, shape_type: int, strength: float = 1.0) -> Image:
    """Apply one shape to `face` in `image`, RGB uint8 (h, w, 3); the result is a new array of the same size.

    shape_type: an index into SHAPES. strength: 0..1; 0 changes no pixel. Raises ValueRejected for other values.
    """
    return build_face_warp(image.shape, face, shape_type, strength).apply(image)


def build_face_warp(shape: tuple[int, ...], face: Face, shape_type: int, strength: float = 1.0) -> Warp:
    """The warp that `reshape` applies to an image of `shape` (height, width, …); it can transform landmarks as well."""
    if shape_type not in range(len(SHAPES)):
        raise ValueRejected(control="shape_type", value=str(shape_type), allowed=f"0..{len(SHAPES) - 1}")
    if not 0 <= strength <= 1:
        raise ValueRejected(control="strength", value=str(strength), allowed="0..1")
    operations = SHAPES[shape_type]
    landmarks, axes = compute_face_axes(face)
    origin = face.landmarks[ORIGIN_LANDMARK].astype(np.float64)
    inverse = axes.T / face.width**2  # the columns of `axes` are orthogonal, one face width long

    def field(points: Array) -> Array:
        result = np.asarray((points - origin) @ inverse.T, points.dtype)
        source = result
        for operation in reversed(operations):  # the field is backward: the last operation is undone first
            source = source + operation.compute_offsets(source, landmarks)
        return np.asarray((source - result) @ axes.T.astype(points.dtype))

    boxes = np.array([box for operation in operations for box in operation.compute_bounds(landmarks)])
    (x0, y0), (x1, y1) = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    corners = np.array([(x0, y0), (x1, y0), (x0, y1), (x1, y1)]) @ axes.T + origin
    low, high = corners.min(0), corners.max(0)
    return build_warp(field, (*low, *high), shape, EDGE_FADE_FACE_WIDTHS * face.width, strength)
