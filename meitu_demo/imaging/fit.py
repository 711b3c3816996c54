"""A picture made to fit a vendor's limits: how large, and at which JPEG quality.

Only `codec` and tests import it. Pixels go first and only down to where the vendor's smallest face begins to grow with
the picture; then quality. Both are predicted from the encoded size of a few bands of the picture, so one full encode
nearly always does and two or three are the rule's end; no quality is tried for the sake of trying.
"""

import math
from typing import Any

import cv2
import numpy as np

from ..errors import ImageRejected
from ..spec import Image, ImageLimits
from .headers import Size

BYTES_SHARE = 0.95  # of the limit: base64 and form fields must not be what breaks it
KEEP_SHORT_SIDE = 48 * 48  # px; the smallest face is max(48 px, short side / 48): above this shrinking is free
FINEST, FINE, FAIR, COARSEST = 95, 92, 85, 60  # JPEG qualities: 4:4:4, 4:2:0, worth shrinking for, the floor
BAND, BAND_STEP = 16, 128  # px: rows encoded out of how many, a whole number of 4:2:0 blocks
MARGIN = 0.98  # bands predict the whole within about one per cent


def size_within(size: Size, limits: ImageLimits) -> Size:
    """`size` (width, height) shrunk to `limits.max_side`. Raises ImageRejected: image_too_small, image_too_thin."""
    width, height = size
    if min(size) < limits.min_side:
        raise ImageRejected("image_too_small", width=width, height=height, limit=limits.min_side)
    fitted = _scaled(size, min(1.0, limits.max_side / max(size)))
    if min(fitted) < limits.min_side:
        raise ImageRejected(
            "image_too_thin", width=width, height=height, limit=limits.min_side, longest=limits.max_side
        )
    return fitted


def decode_size(size: Size, encoded: int, limits: ImageLimits) -> Size:
    """Sides worth decoding for a result of `size`, from a JPEG of `encoded` bytes: less if it must shrink anyway."""
    heavy = encoded > 2 * limits.max_bytes
    return _scaled(size, min(1.0, KEEP_SHORT_SIDE / min(size))) if heavy else size


def lighter_size(pixels: Image, size: Size, limits: ImageLimits) -> Size:
    """`size` shrunk so far that `pixels` fit the byte limit at a fair quality, but not below KEEP_SHORT_SIDE."""
    here = min(size[0], pixels.shape[1]), min(size[1], pixels.shape[0])
    if pixels.size <= _budget(limits):  # at these qualities a JPEG is not larger than its pixels
        return here
    share = here[0] * here[1] / (pixels.shape[0] * pixels.shape[1])
    predicted = _predict(pixels, FAIR) * share
    scale = math.sqrt(_budget(limits) / predicted)
    if scale > 0.97 or min(here) <= KEEP_SHORT_SIDE:
        return here
    return _scaled(here, max(scale, KEEP_SHORT_SIDE / min(here)))


def shrink(pixels: Image, size: Size) -> Image:
    """`pixels` area-averaged to `size` (width, height); the same array when it has that size."""
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def encode_within(pixels: Image, limits: ImageLimits) -> tuple[bytes, Size]:
    """(JPEG, (width, height)) under BYTES_SHARE of `limits.max_bytes`, at the best quality that is predicted to fit.

    Shrinks only when even the coarsest quality does not fit. Raises ImageRejected image_too_large_file when the
    smallest side does not either.
    """
    budget = _budget(limits)
    while True:
        data = _best_encode(pixels, budget)
        height, width = pixels.shape[:2]
        if len(data) <= budget:
            return data, (width, height)
        scale = max(0.95 * math.sqrt(budget / len(data)), limits.min_side / min(width, height))
        size = _scaled((width, height), scale)
        if size == (width, height) or scale >= 1:
            raise ImageRejected("image_too_large_file", bytes=len(data), limit=limits.max_bytes)
        pixels = shrink(pixels, size)


def encode(pixels: Image, quality: int = FINEST, *, full_colour: bool = True) -> bytes:
    """RGB `pixels` as a baseline JPEG with nothing but its pixels; 4:4:4, or 4:2:0 without `full_colour`."""
    factor = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full_colour else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor]
    encoded: Any = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return bytes(encoded)


def _best_encode(pixels: Image, budget: int) -> bytes:
    """One encode, a second when the prediction missed, and the coarsest quality when that missed as well."""
    aim = budget * MARGIN
    if pixels.size <= aim or _predict(pixels, FINEST, full_colour=True) <= aim:
        data = encode(pixels, FINEST)
        if len(data) <= budget:
            return data
    low, high = _predict(pixels, COARSEST), _predict(pixels, FINE)
    # Bytes fall about as a power of the quantiser's step, which libjpeg makes proportional to 100 - quality.
    power = math.log(high / low) / math.log(_step(COARSEST) / _step(FINE)) or 1.0
    quality = FINE if high <= aim else _quality(_step(FINE) * (high / aim) ** (1 / power))
    data = encode(pixels, quality, full_colour=False)
    if len(data) > budget and quality > COARSEST:
        quality = min(quality - 1, _quality(_step(quality) * (len(data) / aim) ** (1 / power)))
        data = encode(pixels, quality, full_colour=False)
    if len(data) > budget and quality > COARSEST:
        data = encode(pixels, COARSEST, full_colour=False)
    return data


def _predict(pixels: Image, quality: int, *, full_colour: bool = False) -> float:
    """Bytes of the whole picture at `quality`, from evenly spread bands; from the whole when it is small."""
    height, width = pixels.shape[:2]
    bands = height // BAND_STEP
    if bands < 8:
        return len(encode(pixels, quality, full_colour=full_colour))
    start = (BAND_STEP - BAND) // 2
    sample = pixels[: bands * BAND_STEP].reshape(bands, BAND_STEP, width, 3)[:, start : start + BAND]
    encoded = encode(sample.reshape(-1, width, 3), quality, full_colour=full_colour)
    return len(encoded) * height / (bands * BAND)


def _step(quality: int) -> int:
    return 100 - quality


def _quality(step: float) -> int:
    return max(COARSEST, min(FINE, math.floor(100 - step)))


def _budget(limits: ImageLimits) -> int:
    return int(limits.max_bytes * BYTES_SHARE)


def _scaled(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
