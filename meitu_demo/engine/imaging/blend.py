"""Feathered masks and seamless blending."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...domain.model import Image
from .align import Points, scale_outline

Mask = NDArray[np.float32]
Floats = NDArray[np.floating[Any]]

FIXED_POINT = 16.0  # units of 16-bit differences to one level
FEATHER_SHARE = 0.04  # of the face's width, on both sides of its outline


def build_polygon_mask(points: Points, shape: tuple[int, ...], feather: float) -> Mask:
    """(h, w) 0..1: 1 inside the polygon `points` (n, 2), falling to 0 over about `feather` px to both sides."""
    coarse = int(np.clip(feather / 4, 1, 8))  # a soft edge needs no fine grid
    rows, columns = -(-shape[0] // coarse), -(-shape[1] // coarse)
    mask = np.zeros((rows, columns), np.uint8)
    cell = np.array((shape[1] / columns, shape[0] / rows))
    inner = np.clip((points + 0.5) / cell - 0.5, -1e5, 1e5)
    cv2.fillPoly(mask, [np.rint(inner * 16).astype(np.int32)], (255,), cv2.LINE_AA, shift=4)
    soft = feather_mask(mask.astype(np.float32) / 255, feather / coarse)
    return np.asarray(cv2.resize(soft, (shape[1], shape[0])), np.float32) if coarse > 1 else soft


def build_outline_mask(mesh: Points, share: float, shape: tuple[int, ...]) -> Mask:
    """(h, w) feathered inside of the outline of the face `mesh`, shrunk to `share` of its size (0..1)."""
    return build_polygon_mask(scale_outline(mesh, share), shape, FEATHER_SHARE * float(np.ptp(mesh[:, 0])))


def feather_mask(mask: Mask, feather: float) -> Mask:
    """Blur `mask` so that an edge is about 2 × `feather` px wide."""
    if feather < 0.5:
        return mask
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), feather / 2, borderType=cv2.BORDER_REPLICATE))


def blend_multiband(
    top: Image, bottom: Image, mask: Mask, levels: int, *, top_mask: Mask | None = None, limit: Mask | None = None
) -> Image:
    """`top` where `mask` is 1 over `bottom`: fine detail changes over sharply, tone over a wide band.

    top_mask: where 0, `top` is replaced by `bottom` first, so that no band spreads its tone. limit: where 0, the result
    is `bottom`. All of one (h, w).

    Burt and Adelson, "A multiresolution spline with application to image mosaics", 1983.
    """
    levels = int(min(levels, max(0, np.log2(min(mask.shape)) - 2)))
    # One pyramid of the difference replaces two of the images; 16 bits are half the memory of floats.
    difference = cv2.addWeighted(top, FIXED_POINT, bottom, -FIXED_POINT, 0, dtype=cv2.CV_16S)
    if top_mask is not None:
        _apply_mask(difference, top_mask)
    masks = [mask]
    bands = []
    for _ in range(levels):
        masks.append(np.asarray(cv2.pyrDown(masks[-1]), np.float32))
        smaller = cv2.pyrDown(difference)
        bands.append(cv2.subtract(difference, cv2.pyrUp(smaller, dstsize=difference.shape[1::-1]), dst=difference))
        difference = smaller
    blended = _apply_mask(difference, masks[levels])
    for band, part in zip(reversed(bands), reversed(masks[:levels]), strict=True):
        blended = cv2.add(_apply_mask(band, part), cv2.pyrUp(blended, dstsize=band.shape[1::-1]), dst=band)
    if limit is not None:
        _apply_mask(blended, limit)
    return np.asarray(cv2.addWeighted(blended, 1 / FIXED_POINT, bottom, 1, 0, dtype=cv2.CV_8U), np.uint8)


def _apply_mask(band: cv2.typing.MatLike, mask: Mask) -> cv2.typing.MatLike:
    """Multiply the 16-bit `band` by `mask`, in place."""
    weights = cv2.convertScaleAbs(mask, alpha=255)
    return cv2.multiply(band, cv2.merge([weights] * 3), dst=band, scale=1 / 255, dtype=cv2.CV_16S)


def alpha_composite(bottom: Image, front: NDArray[np.uint8]) -> Image:
    """Draw RGBA `front` over RGB `bottom` of the same size."""
    alpha = front[..., 3].astype(np.float32) / 255
    return np.asarray(cv2.blendLinear(bottom, cv2.cvtColor(front, cv2.COLOR_RGBA2RGB), 1 - alpha, alpha))


def blend_linear(bottom: Image, top: Image, mask: Mask) -> Image:
    """Mix linearly: `top` where `mask` is 1, `bottom` where it is 0."""
    return np.asarray(cv2.blendLinear(bottom, top, 1 - mask, mask))


def build_disc_kernel(size: float) -> NDArray[np.uint8]:
    """Build a round structuring element, `size` px across, at least 3."""
    side = 2 * max(1, round(size / 2)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def smoothstep(zero: float, one: float, value: Floats | float) -> NDArray[np.float32]:
    """0 at `zero`, 1 at `one`, smooth between; either may be the larger."""
    share = np.clip((np.asarray(value) - zero) / (one - zero), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), np.float32)


def blur(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur of a float picture, (h, w) or (h, w, 3); `sigma` in pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.3)), np.float32)


def blur_mask(mask: Mask, sigma: float, scale: float = 1.0) -> Mask:
    """Enlarge `mask` and blur it by `sigma` enlarged pixels; outlines keep their angle to the picture's border."""
    margin = 2 * round(1.5 * sigma / scale + 0.5)
    padded = np.pad(mask, margin, "reflect", reflect_type="odd")
    if scale != 1:
        padded = np.asarray(cv2.resize(padded, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.float32)
    cut = round(margin * scale)
    return blur(padded, sigma)[cut:-cut, cut:-cut]
