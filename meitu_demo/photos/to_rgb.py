"""Converts stored pixels to upright RGB: colour modes, transparency, ICC profiles, EXIF orientation.

libjpeg-turbo decodes RGB and grey JPEGs, and OpenCV still WebPs, straight into the array (Pillow takes 800 MB for 50
megapixels of WebP). Pillow decodes everything else, because it supports palettes, CMYK and profiles. Pillow's pixels
are converted in bands of rows: it uses four bytes per pixel for almost every mode and copies at every step, so that 49
transparent megapixels from a file of 38 bytes took 1.2 GB when they were converted at once.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from PIL import Image as Pictures
from PIL import ImageCms

from ..domain.errors import ImageRejected
from ..domain.model import Image, PhotoChange
from . import jpeg_decoder
from .colour_encoding import convert_declared_colours
from .headers import Size, is_animated
from .icc_profile import is_safe_profile
from .safe_open import OpenedPhoto, decoder_errors, is_run_length_bmp

BAND_ROWS = 256
MAX_IDENTITY_ERROR = 2  # levels by which two profiles for sRGB may differ
PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError)

_FLIPS = {2: 1, 3: -1, 4: 0, 6: 1, 7: -1, 8: 0}  # OpenCV's flip code, of the transposed picture from 5 on
_PNG_BIT_DEPTH_OFFSET = 24  # in the IHDR chunk


def read_pixels(opened: OpenedPhoto, min_size: Size | None = None) -> tuple[Image, list[PhotoChange]]:
    """Decode the first frame as (RGB (h, w, 3), conversions); orientation and RGB profile are not applied yet.

    min_size: (width, height) that the caller needs. A JPEG is decoded at 1/2, 1/4 or 1/8 of its size when both sides
    stay at least this large. Raises ImageRejected.
    """
    with decoder_errors():
        image = opened.image
        changes = _list_conversions(opened)
        if opened.kind == "WEBP" and not is_animated(opened.data, opened.kind):
            return _decode_webp(opened, changes), changes
        if is_run_length_bmp(opened.data, opened.kind):  # Pillow unpacks runs in Python, which takes seconds
            pixels = _decode_with_opencv(opened)
            if pixels is None:
                raise ImageRejected("image_unreadable")
            return pixels, changes
        if opened.kind == "JPEG" and (
            image.mode == "RGB" or (image.mode == "L" and _load_profile(opened, "GRAY") is None)
        ):
            pixels = jpeg_decoder.decode(opened.stripped, image.size, min_size)
            if pixels is not None:
                return pixels, changes
        elif opened.kind == "JPEG":
            jpeg_decoder.check_scan_data(opened.stripped)
        size = image.size
        image.load()
        if image.size != size:  # a decoded HEIC may be larger than its header declares
            raise ImageRejected("image_unreadable")
        pixels, has_transparency = convert_to_rgb(image, _load_cmyk_or_gray_profile(opened))
        if has_transparency:
            changes.append(PhotoChange("transparent"))
        image.close()  # frees the pixels; the header stays readable
        return pixels, changes


def convert_to_srgb(pixels: Image, opened: OpenedPhoto) -> tuple[Image, list[PhotoChange]]:
    """Convert `pixels` from the colours that the file declares; unchanged when those are missing, broken or sRGB."""
    converted = convert_declared_colours(pixels, opened)
    if converted is not None:
        return converted
    profile = _load_profile(opened, "RGB ")
    if profile is None or opened.image.mode in ("L", "LA", "1", "CMYK", "I;16"):
        return pixels, []
    try:
        name = re.sub(r"[^A-Za-z0-9 ().,_-]", "", profile.profile.profile_description or "").strip()[:40]
        transform = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
        if _is_identity(transform):
            return pixels, []
        picture = Pictures.fromarray(pixels)
        ImageCms.applyTransform(picture, transform, inPlace=True)
        return np.asarray(picture), [PhotoChange("colour_profile", {"profile": name})]
    except PROFILE_ERRORS:
        return pixels, []


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether sample colours stay as they are: a profile's name says little, "linear sRGB" is not sRGB."""
    levels = np.arange(0, 256, 15, np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(len(levels), -1, 3)
    converted = np.asarray(ImageCms.applyTransform(Pictures.fromarray(colours), transform))
    return int(np.abs(converted.astype(int) - colours).max()) <= MAX_IDENTITY_ERROR


def apply_exif_orientation(pixels: Image, orientation: int) -> Image:
    """Turn and mirror `pixels` upright by EXIF's `orientation`, 1..8."""
    is_transposed = orientation >= 5
    if is_transposed:
        pixels = cv2.transpose(pixels)
    if orientation in _FLIPS:
        pixels = cv2.flip(pixels, _FLIPS[orientation], pixels if is_transposed else None)
    return pixels


def _decode_with_opencv(opened: OpenedPhoto) -> Image | None:
    """Decode by OpenCV; None when it fails or the size differs from the header's."""
    flags = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    pixels: Any = cv2.imdecode(np.frombuffer(opened.stripped, np.uint8), flags)
    return pixels if pixels is not None and pixels.shape[1::-1] == opened.image.size else None


def _decode_webp(opened: OpenedPhoto, changes: list[PhotoChange]) -> Image:
    """Decode by OpenCV only: Pillow allocates whole canvases before it notices a broken frame."""
    pixels = _decode_with_alpha(opened) if opened.image.mode == "RGBA" else _decode_with_opencv(opened)
    if pixels is None:
        raise ImageRejected("image_unreadable")
    if pixels.shape[2] == 4:
        pixels, has_transparency = flatten_on_white(pixels)
        if has_transparency:
            changes.append(PhotoChange("transparent"))
    return pixels


def _decode_with_alpha(opened: OpenedPhoto) -> Image | None:
    """Decode BGRA, or RGB when the file has no alpha channel although its header says so."""
    pixels: Any = cv2.imdecode(np.frombuffer(opened.stripped, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[:2] != opened.image.size[::-1]:
        return None
    return pixels if pixels.shape[2] == 4 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _list_conversions(opened: OpenedPhoto) -> list[PhotoChange]:
    """List the conversions that the header implies: frames, bit depth, colour modes."""
    image, kind = opened.image, opened.kind
    is_deep = image.mode.startswith(("I", "F")) or (kind == "PNG" and opened.data[_PNG_BIT_DEPTH_OFFSET] == 16)
    slugs = {
        # Further frames of a JPEG are depth maps and previews.
        "first_frame": kind != "JPEG" and getattr(image, "n_frames", 1) > 1,
        "cmyk": image.mode == "CMYK",
        "depth": is_deep or int(image.info.get("bit_depth") or 8) > 8,
        "palette": image.mode in ("P", "PA"),
        "grey": image.mode.startswith(("L", "I", "F", "1")),
    }
    return [PhotoChange(slug) for slug, holds in slugs.items() if holds]


def _load_cmyk_or_gray_profile(opened: OpenedPhoto) -> ImageCms.ImageCmsProfile | None:
    """The CMYK or grey profile, applied while converting; an RGB profile is applied after shrinking."""
    mode = opened.image.mode
    if mode == "CMYK":
        return _load_profile(opened, "CMYK")
    return _load_profile(opened, "GRAY") if mode in ("L", "LA") or mode.startswith("I") else None


def _load_profile(opened: OpenedPhoto, space: str) -> ImageCms.ImageCmsProfile | None:
    """The file's profile when it is valid and for `space` (ICC's four letters), else None."""
    raw = opened.image.info.get("icc_profile")
    if not raw or not is_safe_profile(raw):
        return None
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(raw))
        return profile if profile.profile.xcolor_space == space else None
    except PROFILE_ERRORS:
        return None


def convert_to_rgb(image: Pictures.Image, profile: ImageCms.ImageCmsProfile | None) -> tuple[Image, bool]:
    """Convert the loaded `image` to RGB on white; also whether it was transparent. profile: CMYK or grey."""
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    transform = _build_transform(profile, "L" if image.mode.startswith(("I", "LA")) else image.mode)
    has_transparency = False
    for rows in _iterate_bands(height):
        band, is_band_transparent = _convert_band_to_rgb(image.crop((0, rows.start, width, rows.stop)), transform)
        pixels[rows] = band
        has_transparency |= is_band_transparent
    return pixels, has_transparency


def flatten_on_white(bgra: Image) -> tuple[Image, bool]:
    """Convert BGRA (h, w, 4) to RGB on white; also whether any pixel was transparent."""
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
        alpha = band.convert("LA").getchannel("A") if band.has_transparency_data else None
        band = ImageCms.applyTransform(band.convert("L") if alpha else band, transform) or band
        if alpha:
            band.putalpha(alpha)
            return _flatten_rgba(np.asarray(band))
    elif band.has_transparency_data:
        return _flatten_rgba(np.asarray(band.convert("RGBA")))
    return np.asarray(band if band.mode == "RGB" else band.convert("RGB")), False


def _flatten_rgba(rgba: Image) -> tuple[Image, bool]:
    if rgba[..., 3].min() == 255:
        return rgba[..., :3], False
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + 255 * (255 - alpha) + 128  # rounded division by 255 in 16 bits
    return ((mixed + (mixed >> 8)) >> 8).astype(np.uint8), True
