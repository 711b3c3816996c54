"""Pixels of any mode to RGB, a band of rows at a time.

Only `rgb` imports it. Pillow takes four bytes a pixel for almost every mode and one more copy for every step: converted
as a whole, 49 megapixels of transparency out of a file of 38 bytes took 1.2 GB.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageCms

from ..domain.model import Image

BAND_ROWS = 256  # rows
PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)


def convert_to_rgb(image: Pictures.Image, profile: ImageCms.ImageCmsProfile | None) -> tuple[Image, bool]:
    """The loaded `image` in RGB, on white, and whether anything shone through. profile: of its inks or greys."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    transform = _build_transform(profile, "L" if image.mode.startswith("I") else image.mode)
    has_transparency = False
    for rows in _iterate_bands(height):
        band, is_band_transparent = _convert_band_to_rgb(image.crop((0, rows.start, width, rows.stop)), transform)
        pixels[rows] = band
        has_transparency |= is_band_transparent
    return pixels, has_transparency


def flatten_on_white(bgra: Image) -> tuple[Image, bool]:
    """The same for OpenCV's pixels with transparency."""
    pixels = np.empty((*bgra.shape[:2], 3), np.uint8)
    has_transparency = False
    for rows in _iterate_bands(len(bgra)):
        pixels[rows], is_band_transparent = _flatten_rgba(
            np.asarray(cv2.cvtColor(bgra[rows], cv2.COLOR_BGRA2RGBA), np.uint8)
        )
        has_transparency |= is_band_transparent
    return pixels, has_transparency


def _iterate_bands(height: int) -> Iterator[slice]:
    return (slice(top, min(top + BAND_ROWS, height)) for top in range(0, height, BAND_ROWS))


def _build_transform(profile: ImageCms.ImageCmsProfile | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    if profile is None:
        return None
    try:
        return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), mode, "RGB")
    except PROFILE_ERRORS:
        return None


def _convert_band_to_rgb(band: Pictures.Image, transform: ImageCms.ImageCmsTransform | None) -> tuple[Image, bool]:
    if band.mode.startswith("I"):  # Pillow's own conversion clips at 255
        band = Pictures.fromarray((np.asarray(band).clip(0, 65535) // 257).astype(np.uint8))
    if transform is not None:
        band = ImageCms.applyTransform(band, transform) or band
    elif band.has_transparency_data:
        return _flatten_rgba(np.asarray(band.convert("RGBA")))
    return np.asarray(band if band.mode == "RGB" else band.convert("RGB")), False


def _flatten_rgba(rgba: Image) -> tuple[Image, bool]:
    if rgba[..., 3].min() == 255:
        return rgba[..., :3], False
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + 255 * (255 - alpha) + 128  # a division by 255, rounded, of which 16 bits are enough
    return ((mixed + (mixed >> 8)) >> 8).astype(np.uint8), True
