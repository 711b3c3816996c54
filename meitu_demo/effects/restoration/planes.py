"""An RGB picture as a luma and two chroma planes (JFIF's YCbCr, not rounded) and back."""

import cv2
import numpy as np

from ...domain.model import Image
from .blocks import Plane

# ITU-T T.871, section 7; chroma around 0 instead of 128.
_RGB_TO_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_YCBCR_TO_RGB = np.linalg.inv(_RGB_TO_YCBCR.astype(np.float64)).astype(np.float32)


def split_ycbcr(image: Image) -> tuple[Plane, Plane, Plane]:
    """Luma 0..255 and two chroma planes −128..128 of an RGB picture."""
    luma, blue, red = cv2.split(cv2.transform(image.astype(np.float32), _RGB_TO_YCBCR))
    return np.asarray(luma, np.float32), np.asarray(blue, np.float32), np.asarray(red, np.float32)


def merge_ycbcr(luma: Plane, blue: Plane, red: Plane) -> Image:
    """The planes as an RGB picture, rounded and clipped."""
    rgb = np.asarray(cv2.transform(cv2.merge((luma, blue, red)), _YCBCR_TO_RGB))
    np.maximum(rgb, 0, out=rgb)
    return np.asarray(cv2.convertScaleAbs(rgb), np.uint8)


def halve(plane: Plane) -> Plane:
    """Half the size, rounded up, each pixel the mean of those it covers."""
    height, width = plane.shape
    return np.asarray(
        cv2.resize(plane, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA), np.float32
    )


def resize_like(plane: Plane, reference: Plane) -> Plane:
    """The plane bilinearly at the size of `like`."""
    return np.asarray(cv2.resize(plane, reference.shape[::-1], interpolation=cv2.INTER_LINEAR), np.float32)
