"""Paints the eyebrows out of a drawn face, so that no second pair shows beside the user's. Pure."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .blend import Image, blend_linear, build_disc_kernel, build_polygon_mask, feather_mask
from .skin import downscale_to_face_width

BROW_CONTOURS = ((70, 63, 105, 66, 107, 55, 65, 52, 53, 46), (300, 293, 334, 296, 336, 285, 295, 282, 283, 276))
BROW_DILATION_SHARE = 0.09  # of the face's width that the hole is wider than the mesh's brow: strokes reach beyond it


def inpaint_brows(image: Image, mesh: NDArray[np.float64]) -> Image:
    """`image` with skin where the brows of `mesh` were (Telea, "An image inpainting technique", 2004)."""
    height = image.shape[0]
    top = int(np.clip(mesh[:, 1].min(), 0, height - 2))
    part = np.ascontiguousarray(image[top : int(np.clip(mesh[:, 1].max(), top + 2, height))])
    small, points = downscale_to_face_width(part, mesh - (0, top))
    width = float(np.ptp(points[:, 0]))
    brows = np.maximum(*(build_polygon_mask(points[list(brow)], small.shape, 0) for brow in BROW_CONTOURS))
    hole = np.asarray(cv2.dilate(brows, build_disc_kernel(BROW_DILATION_SHARE * width)), np.float32)
    filled = cv2.inpaint(
        small, (cv2.dilate(hole, build_disc_kernel(0.03 * width)) > 0).astype(np.uint8), 3, cv2.INPAINT_TELEA
    )
    size = part.shape[1::-1]
    mask = np.clip(cv2.resize(feather_mask(hole, 0.02 * width), size, interpolation=cv2.INTER_LINEAR), 0, 1)
    larger = np.asarray(cv2.resize(filled, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    result = image.copy()
    result[top : top + part.shape[0]] = blend_linear(part, larger, np.asarray(mask, np.float32))
    return result
