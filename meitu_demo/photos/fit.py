"""Fits a picture to a vendor's limits: chooses its size and its JPEG quality.

Pixels are reduced first, down to the size at which the vendor's smallest face begins to depend on the picture's size;
then quality. Both are predicted from the encoded size of a few bands of the picture, so that one full encode is nearly
always enough and three are the maximum for one size.
"""

import math
from typing import Any

import cv2
import numpy as np

from ..domain.errors import ImageRejected
from ..domain.model import Image, ImageLimits
from .headers import Size

TARGET_BYTES_SHARE = 0.95  # of the byte limit: the rest is for base64 and form fields
MIN_SHRUNK_SHORT_SIDE_PX = 48 * 48  # the smallest face is max(48 px, short side / 48): above, shrinking loses none
# JPEG qualities: best at 4:4:4; best at 4:2:0; shrink rather than go below this; lowest of all.
MAX_QUALITY, HIGH_QUALITY, FAIR_QUALITY, MIN_QUALITY = 95, 92, 85, 60
BAND_ROWS, BAND_STEP_ROWS = 16, 128  # encode 16 of every 128 rows: multiples of a 4:2:0 block
PREDICTION_MARGIN = 0.98  # the prediction is accurate to about one per cent


def fit_size(size: Size, limits: ImageLimits) -> Size:
    """Shrink `size` (width, height) to `limits.max_side_px`. Raises ImageRejected: image_too_small, image_too_thin."""
    width, height = size
    if min(size) < limits.min_side_px:
        raise ImageRejected("image_too_small", width=width, height=height, limit=limits.min_side_px)
    fitted = _scale_size(size, min(1.0, limits.max_side_px / max(size)))
    if min(fitted) < limits.min_side_px:
        raise ImageRejected(
            "image_too_thin", width=width, height=height, limit=limits.min_side_px, longest=limits.max_side_px
        )
    return fitted


def choose_decode_size(size: Size, encoded_bytes: int, limits: ImageLimits) -> Size:
    """The (width, height) to decode for a result of `size`: smaller when `encoded_bytes` must shrink anyway."""
    is_too_large = encoded_bytes > 2 * limits.max_bytes
    return _scale_size(size, min(1.0, MIN_SHRUNK_SHORT_SIDE_PX / min(size))) if is_too_large else size


def choose_size_for_bytes(pixels: Image, size: Size, limits: ImageLimits) -> Size:
    """Shrink `size` until `pixels` fit the byte limit at FAIR_QUALITY, not below MIN_SHRUNK_SHORT_SIDE_PX."""
    current_size = min(size[0], pixels.shape[1]), min(size[1], pixels.shape[0])
    if pixels.size <= _compute_byte_budget(limits):  # at these qualities a JPEG is not larger than its pixels
        return current_size
    share = current_size[0] * current_size[1] / (pixels.shape[0] * pixels.shape[1])
    predicted = _predict_bytes(pixels, FAIR_QUALITY) * share
    scale = math.sqrt(_compute_byte_budget(limits) / predicted)
    if scale > 0.97 or min(current_size) <= MIN_SHRUNK_SHORT_SIDE_PX:
        return current_size
    return _scale_size(current_size, max(scale, MIN_SHRUNK_SHORT_SIDE_PX / min(current_size)))


def shrink(pixels: Image, size: Size) -> Image:
    """Area-average `pixels` to `size` (width, height); returns the same array when it has that size."""
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def fits_byte_limit(data: bytes, limits: ImageLimits) -> bool:
    """Whether `data` takes at most TARGET_BYTES_SHARE of `limits.max_bytes`."""
    return len(data) <= _compute_byte_budget(limits)


def encode_within_limits(pixels: Image, limits: ImageLimits) -> tuple[bytes, Size]:
    """Encode as (JPEG, (width, height)) within TARGET_BYTES_SHARE of `limits.max_bytes`, at the best quality that fits.

    Shrinks only when MIN_QUALITY does not fit. Raises ImageRejected image_too_large_file when the smallest allowed
    side does not fit either.
    """
    budget = _compute_byte_budget(limits)
    while True:
        data = _encode_at_best_quality(pixels, budget)
        height, width = pixels.shape[:2]
        if len(data) <= budget:
            return data, (width, height)
        scale = max(0.95 * math.sqrt(budget / len(data)), limits.min_side_px / min(width, height))
        size = _scale_size((width, height), scale)
        if size == (width, height) or scale >= 1:
            raise ImageRejected("image_too_large_file", bytes=len(data), limit=limits.max_bytes)
        pixels = shrink(pixels, size)


def encode(pixels: Image, quality: int = MAX_QUALITY, *, full_colour: bool = True) -> bytes:
    """Encode RGB `pixels` as a baseline JPEG without metadata; 4:4:4, or 4:2:0 without `full_colour`.

    At 4:4:4 a restart marker follows each row of blocks, for `jpeg_rows`.
    """
    factor = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if full_colour else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    restart_interval = -(-pixels.shape[1] // 8) if full_colour else 0
    options = [
        cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor,
        cv2.IMWRITE_JPEG_RST_INTERVAL, restart_interval,
    ]  # fmt: skip
    encoded: Any = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options)[1]
    return bytes(encoded)


def _encode_at_best_quality(pixels: Image, budget: int) -> bytes:
    """Encode at the predicted quality, once more when that is too large, and then at MIN_QUALITY."""
    aim = budget * PREDICTION_MARGIN
    if pixels.size <= aim or _predict_bytes(pixels, MAX_QUALITY, full_colour=True) <= aim:
        data = encode(pixels, MAX_QUALITY)
        if len(data) <= budget:
            return data
    low, high = _predict_bytes(pixels, MIN_QUALITY), _predict_bytes(pixels, HIGH_QUALITY)
    # Bytes fall about as a power of the quantiser's step, which libjpeg makes proportional to 100 - quality.
    power = math.log(high / low) / math.log(_quality_to_step(MIN_QUALITY) / _quality_to_step(HIGH_QUALITY)) or 1.0
    quality = (
        HIGH_QUALITY if high <= aim else _step_to_quality(_quality_to_step(HIGH_QUALITY) * (high / aim) ** (1 / power))
    )
    data = encode(pixels, quality, full_colour=False)
    if len(data) > budget and quality > MIN_QUALITY:
        quality = min(quality - 1, _step_to_quality(_quality_to_step(quality) * (len(data) / aim) ** (1 / power)))
        data = encode(pixels, quality, full_colour=False)
    if len(data) > budget and quality > MIN_QUALITY:
        data = encode(pixels, MIN_QUALITY, full_colour=False)
    return data


def _predict_bytes(pixels: Image, quality: int, *, full_colour: bool = False) -> float:
    """Predict the encoded bytes at `quality` from evenly spaced bands; a small picture is encoded whole."""
    height, width = pixels.shape[:2]
    bands = height // BAND_STEP_ROWS
    if bands < 8:
        return len(encode(pixels, quality, full_colour=full_colour))
    start = (BAND_STEP_ROWS - BAND_ROWS) // 2
    sample = pixels[: bands * BAND_STEP_ROWS].reshape(bands, BAND_STEP_ROWS, width, 3)[:, start : start + BAND_ROWS]
    encoded = encode(sample.reshape(-1, width, 3), quality, full_colour=full_colour)
    return len(encoded) * height / (bands * BAND_ROWS)


def _quality_to_step(quality: int) -> int:
    return 100 - quality


def _step_to_quality(step: float) -> int:
    return max(MIN_QUALITY, min(HIGH_QUALITY, math.floor(100 - step)))


def _compute_byte_budget(limits: ImageLimits) -> int:
    return int(limits.max_bytes * TARGET_BYTES_SHARE)


def _scale_size(size: Size, scale: float) -> Size:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
