"""Pictures at another size and place.

What is shrunk is averaged before, because aliased hair and noise would mislead a mesh or an optical flow. What is
enlarged stays as sharp as its pixels allow.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .box import Box

MAX_STEP_PX = 1.5  # pixels of the picture for one of the result; a larger picture is halved first
BACK_PROJECTIONS = 3  # more change nothing
FIXED_POINT = 16.0  # units of 16-bit pixels to one level


def shrink(image: Image, scale: float) -> Image:
    """`image` times `scale`, 0..1: halved as often as it can be, then bilinear. Aliases nothing, as averaging areas by
    an odd factor does, in a third of the time.
    """
    while scale <= 0.5 and min(image.shape[:2]) > 1:
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        image = np.asarray(cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
        scale *= 2
    if scale == 1:
        return image
    sides = [max(1, round(side * scale)) for side in image.shape[1::-1]]
    size = None if min(image.shape[:2]) * scale >= 1 else sides  # OpenCV would round a line of pixels to nothing
    return np.asarray(cv2.resize(image, size, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR), np.uint8)


def warp_affine(
    image: Image, matrix: NDArray[np.float64], size: tuple[int, int], interpolation: int = cv2.INTER_LINEAR
) -> Image:
    """The part of `image` that the 2×3 `matrix`, from the result's pixels to the image's, shows in `size` (width,
    height); beyond the image its edge is repeated.
    """
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]) * size @ matrix[:, :2].T + matrix[:, 2]
    box = Box.enclose(corners.min(0) - 2, corners.max(0) + 3, image.shape)
    step = float(np.linalg.norm(matrix[:, 0]))
    scale = 0.5 ** max(0, math.ceil(math.log2(step / MAX_STEP_PX)))
    region = shrink(image[box.slices], scale)
    to_region = np.column_stack([matrix[:, :2], matrix[:, 2] - box.corner + 0.5]) * scale
    to_region[:, 2] -= 0.5  # OpenCV counts from the middle of the first pixel
    flags = interpolation | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(region, to_region, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def enlarge(image: Image, factor: int) -> Image:
    """The picture `factor` times as large; shrunk again, the result is the picture."""
    small = cv2.multiply(image, (FIXED_POINT,) * 4, dtype=cv2.CV_16S)  # half the memory of floats, twice as fast
    larger = back_project(small, factor)
    return np.asarray(cv2.multiply(larger, (1 / FIXED_POINT,) * 4, dtype=cv2.CV_8U), np.uint8)


def back_project(small: cv2.typing.MatLike, factor: int) -> cv2.typing.MatLike:
    """`enlarge` for signed or float planes, which may leave the range of `small`.

    Irani and Peleg, "Improving resolution by image registration", 1991.
    """
    height, width = small.shape[:2]
    size = (width * factor, height * factor)
    larger = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(BACK_PROJECTIONS):
        missing = cv2.subtract(small, cv2.resize(larger, (width, height), interpolation=cv2.INTER_AREA))
        cv2.add(larger, cv2.resize(missing, size, interpolation=cv2.INTER_CUBIC), dst=larger)
    return larger
