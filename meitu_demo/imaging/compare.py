"""Brings a picture to another one's shape, so that the two can lie over each other in a comparison."""

import cv2
import numpy as np

from ..spec import Image, Photo
from . import codec

LONGEST = 1600  # px: what a screen shows
SAME_SHAPE = 0.01  # sides' ratio may differ by this share: rounding, not framing


def matching(photo: Photo, size: tuple[int, int]) -> bytes:
    """`photo` with the aspect of `size` (width, height): itself when it fits, else whole on a blurred ground of its own."""
    width, height = size
    if abs(photo.width * height / (photo.height * width) - 1) <= SAME_SHAPE:
        return photo.data
    scale = min(1.0, LONGEST / max(size))
    frame = max(1, round(width * scale)), max(1, round(height * scale))
    return codec.encode(_framed(codec.decode(photo.data), frame), quality=90)


def _framed(image: Image, frame: tuple[int, int]) -> Image:
    width, height = frame
    fit = min(width / image.shape[1], height / image.shape[0])
    inner = max(1, round(image.shape[1] * fit)), max(1, round(image.shape[0] * fit))
    ground = cv2.resize(cv2.resize(image, (16, 16), interpolation=cv2.INTER_AREA), frame, interpolation=cv2.INTER_CUBIC)
    out = np.asarray(ground * 0.6 + 40, np.uint8)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    method = cv2.INTER_AREA if fit < 1 else cv2.INTER_CUBIC
    out[top : top + inner[1], left : left + inner[0]] = cv2.resize(image, inner, interpolation=method)
    return out
