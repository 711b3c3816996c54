"""Decodes and encodes photos; `prepare` makes a photo ready for a vendor.

The steps of `prepare`, and the modules that do them:

    open_photo               detects the format, checks limits       safe_open, headers, jpeg_structure, png_structure
    read_pixels              converts any colour mode to RGB         to_rgb, jpeg_decoder, icc_profile
    shrink                   to the vendor's size and byte limits    fit
    convert_to_srgb, apply_exif_orientation                          to_rgb, colour_encoding
    encode                   a JPEG without metadata                 fit, jpeg_rows

Colours and orientation are converted after shrinking, when fewer pixels are left. Images are RGB uint8 (h, w, 3).
Every function is pure and blocks: call it from a worker thread. Every rejection is an ImageRejected; its slugs are
listed at `safe_open.open_photo`, `fit.fit_size` and `fit.encode_within_limits`.
"""

from dataclasses import dataclass

import numpy as np

from ..domain.model import Image, ImageLimits, Photo, PhotoChange
from . import fit
from .fit import encode
from .headers import MEDIA_TYPES, Size, detect_format
from .jpeg_rows import is_own_encoding
from .safe_open import MAX_BYTES, MAX_PIXELS, OpenedPhoto, format_file_size, open_photo
from .to_rgb import apply_exif_orientation, convert_to_srgb, read_pixels

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PreparedPhoto",
    "decode",
    "decode_opened",
    "encode",
    "encode_small",
    "format_file_size",
    "open_photo",
    "prepare",
    "read_photo",
    "read_size",
    "read_stored_size_and_orientation",
    "sniff",
]


@dataclass(frozen=True, slots=True)
class PreparedPhoto:
    """A photo ready for a vendor, and what was changed."""

    photo: Photo
    changes: tuple[PhotoChange, ...]


def prepare(source: bytes, limits: ImageLimits, thumbnail_px: int = 0) -> PreparedPhoto:
    """Re-encode `source` as a JPEG within `limits`: upright, sRGB, no metadata. Raises ImageRejected.

    What our own encoder made, such as an earlier result, only loses its metadata: encoding it again would blur it.
    thumbnail_px: the longest side of a thumbnail, which costs far less here than to decode the photo again; 0 for none.
    """
    opened = open_photo(source)
    stored_size = opened.image.size
    fit.fit_size((opened.width, opened.height), limits)  # first, so that a rejection names the upright size
    size = fit.fit_size(stored_size, limits)
    stored_pixels, changes = read_pixels(opened, fit.choose_decode_size(size, len(source), limits))
    pixels = fit.shrink(stored_pixels, fit.choose_size_for_bytes(stored_pixels, size, limits))
    pixels, profile = convert_to_srgb(pixels, opened)
    pixels = apply_exif_orientation(pixels, opened.orientation)
    if pixels is stored_pixels and size == stored_size and _is_ready(opened, limits):
        data, (width, height) = opened.stripped, stored_size
    else:
        data, (width, height) = fit.encode_within_limits(pixels, limits)
    thumbnail = encode_small(pixels, thumbnail_px) if thumbnail_px else b""
    photo = Photo(data, MEDIA_TYPES["JPEG"], width, height, thumbnail)
    changes += profile + _list_changes(opened, photo)
    return PreparedPhoto(photo, tuple(changes))


def _is_ready(opened: OpenedPhoto, limits: ImageLimits) -> bool:
    """Whether the file without its metadata is as `encode_within_limits` would make it."""
    return opened.kind == "JPEG" and fit.fits_byte_limit(opened.stripped, limits) and is_own_encoding(opened.stripped)


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Decode the first frame to upright sRGB pixels (h, w, 3), C-contiguous and writeable. Raises ImageRejected."""
    return decode_opened(open_photo(data, max_pixels=max_pixels))


def decode_opened(opened: OpenedPhoto) -> Image:
    """Do as `decode` with an opened file."""
    pixels, _ = read_pixels(opened)
    pixels, _ = convert_to_srgb(pixels, opened)
    return np.require(apply_exif_orientation(pixels, opened.orientation), np.uint8, ["C", "W"])


def encode_small(pixels: Image, max_side_px: int, quality: int = fit.FAIR_QUALITY) -> bytes:
    """Encode RGB `pixels` as a JPEG without metadata, shrunk to at most `max_side_px` on the longest side."""
    height, width = pixels.shape[:2]
    scale = min(1.0, max_side_px / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    while pixels.shape[0] >= 2 * size[1] and pixels.shape[1] >= 2 * size[0]:  # far faster than one step
        height, width = pixels.shape[0] // 2, pixels.shape[1] // 2
        pixels = fit.shrink(pixels[: 2 * height, : 2 * width], (width, height))
    return fit.encode(fit.shrink(pixels, size), quality, full_colour=False)


def sniff(data: bytes) -> str | None:
    """Detect the media type from the content; None for an unsupported format."""
    return MEDIA_TYPES.get(detect_format(data))


def read_size(data: bytes) -> Size:
    """Read (width, height) of the upright picture from the header. Raises ImageRejected."""
    opened = open_photo(data)
    return opened.width, opened.height


def read_photo(data: bytes) -> Photo:
    """The encoded picture, unchanged, as a `Photo`. Raises ImageRejected if it is not a complete picture."""
    return Photo(data, sniff(data) or "", *read_size(data))


def read_stored_size_and_orientation(data: bytes) -> tuple[Size, int]:
    """Read ((width, height) as stored, EXIF's orientation 1..8) from the header. Raises ImageRejected."""
    opened = open_photo(data)
    return opened.image.size, opened.orientation


def _list_changes(opened: OpenedPhoto, photo: Photo) -> list[PhotoChange]:
    """List the changes to the picture as a whole; `to_rgb` lists those to its colours."""
    changes: list[PhotoChange] = []
    if opened.is_rotated:
        changes.append(PhotoChange("turned"))
    before, after = (opened.width, opened.height), (photo.width, photo.height)
    if before != after:
        changes.append(PhotoChange("resized", {"before": "{}×{}".format(*before), "after": "{}×{}".format(*after)}))
    if opened.kind != "JPEG":
        changes.append(PhotoChange("kind", {"before": opened.kind.replace("HEIF", "HEIC"), "after": "JPEG"}))
    formatted_sizes = format_file_size(len(opened.data)), format_file_size(len(photo.data))
    if formatted_sizes[0] != formatted_sizes[1]:
        changes.append(PhotoChange("bytes", {"before": formatted_sizes[0], "after": formatted_sizes[1]}))
    if opened.has_metadata:
        changes.append(PhotoChange("metadata_dropped", {"gps": opened.has_gps}))
    return changes
