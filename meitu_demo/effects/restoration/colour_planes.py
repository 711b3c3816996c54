"""An RGB picture as luma and two chroma planes (JFIF's YCbCr, in float32, not rounded) and back."""

import cv2
import numpy as np

from ...spec import Image
from .blocks import Plane

# ITU-T T.871, section 7; chroma around 0 instead of 128.
_TO_PLANES = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=np.float32
)
_TO_RGB = np.linalg.inv(_TO_PLANES.astype(np.float64)).astype(np.float32)


def split(image: Image) -> tuple[Plane, Plane, Plane]:
    """RGB uint8 (h, w, 3) to luma 0..255 and two chroma planes −128..128, float32 (h, w) each."""
    luma, blue, red = cv2.split(cv2.transform(image.astype(np.float32), _TO_PLANES))
    return luma, blue, red


def join(luma: Plane, blue: Plane, red: Plane) -> Image:
    """The planes as RGB uint8 (h, w, 3), rounded and clipped."""
    return cv2.convertScaleAbs(np.maximum(cv2.transform(cv2.merge((luma, blue, red)), _TO_RGB), 0))
