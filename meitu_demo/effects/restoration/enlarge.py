"""Twice the size, sharper than bicubic: what is added must average to the small picture again.

Iterative back-projection (Irani, Peleg: "Improving resolution by image registration", 1991), held within the range of
the neighbouring pixels so that no edge gets a halo.
"""

from typing import Final

import cv2
import numpy as np

from .blocks import Plane

_BACK_PROJECTION_ITERATIONS: Final = 3  # more change nothing
_MAX_OVERSHOOT_SHARE: Final = 0.1  # of the neighbours' range; measured best among 0, 0.1, 0.25


def double_size(plane: Plane) -> Plane:
    """The plane at twice its width and height."""
    large = _upscale(plane, cv2.INTER_CUBIC)
    for _ in range(_BACK_PROJECTION_ITERATIONS):
        downscaled = cv2.resize(large, plane.shape[::-1], interpolation=cv2.INTER_AREA)
        large += _upscale(plane - np.asarray(downscaled, np.float32), cv2.INTER_CUBIC)
    kernel = np.ones((3, 3), np.uint8)
    low = _upscale(np.asarray(cv2.erode(plane, kernel), np.float32), cv2.INTER_LINEAR)
    high = _upscale(np.asarray(cv2.dilate(plane, kernel), np.float32), cv2.INTER_LINEAR)
    slack = (high - low) * _MAX_OVERSHOOT_SHARE
    return np.clip(large, low - slack, high + slack)


def _upscale(plane: Plane, interpolation: int) -> Plane:
    height, width = plane.shape
    return np.asarray(cv2.resize(plane, (2 * width, 2 * height), interpolation=interpolation), np.float32)
