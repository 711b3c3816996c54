"""The photo's way in and out of bytes. Everybody above may import it; the modules named here are its parts.

    open_photo   by content, limits held against the header     gate; headers, jpeg, png, whole, metadata
    read_pixels  any mode to RGB                                rgb, modes, icc
    shrink       to the vendor's sides, then for its bytes      fit
    to_srgb, turn_upright                                       rgb
    encode       a JPEG that holds nothing but pixels           fit

Colours and turning come after shrinking, when there are fewer pixels to touch. Every function is pure and blocks: call
it from a worker thread. Every refusal is an ImageRejected; see `gate.open_photo` and `fit.fit_size` for the slugs.
"""

from dataclasses import dataclass

import numpy as np

from ..domain.model import Image, ImageLimits, Photo, PhotoChange
from . import fit
from .headers import MEDIA_TYPES, Size, detect_format
from .safe_open import MAX_BYTES, MAX_PIXELS, OpenedPhoto, format_file_size, open_photo
from .to_rgb import apply_exif_orientation, convert_to_srgb, read_pixels

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "PreparedPhoto",
    "decode",
    "encode",
    "format_file_size",
    "prepare",
    "read_size",
    "read_stored_size_and_orientation",
    "sniff",
]


@dataclass(frozen=True, slots=True)
class PreparedPhoto:
    """A photo ready for a vendor, what was done to it, and what came in (sides in px as a person sees them)."""

    photo: Photo
    changes: tuple[PhotoChange, ...]
    width: int
    height: int
    media_type: str


def prepare(source: bytes, limits: ImageLimits) -> PreparedPhoto:
    """The photo in `source` as a clean JPEG within `limits`: upright, RGB, sRGB, no metadata. Raises ImageRejected."""
    opened = open_photo(source)
    stored_size = opened.image.size
    fit.fit_size((opened.width, opened.height), limits)  # refuses in the sides that a person sees
    size = fit.fit_size(stored_size, limits)
    pixels, changes = read_pixels(opened, fit.choose_decode_size(size, len(source), limits))
    pixels = fit.shrink(pixels, fit.choose_size_for_bytes(pixels, size, limits))
    pixels, profile = convert_to_srgb(pixels, opened)
    pixels = apply_exif_orientation(pixels, opened.orientation)
    data, (width, height) = fit.encode_within_limits(pixels, limits)
    photo = Photo(data, MEDIA_TYPES["JPEG"], width, height)
    changes += profile + _list_changes(opened, photo)
    return PreparedPhoto(photo, tuple(changes), opened.width, opened.height, MEDIA_TYPES[opened.kind])


def decode(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Upright sRGB pixels of the first frame, through the same gate. Raises ImageRejected."""
    opened = open_photo(data, max_pixels=max_pixels)
    pixels, _ = read_pixels(opened)
    pixels, _ = convert_to_srgb(pixels, opened)
    return np.require(apply_exif_orientation(pixels, opened.orientation), np.uint8, ["C", "W"])


def encode(pixels: Image, quality: int = fit.MAX_QUALITY) -> bytes:
    """RGB `pixels` as a JPEG, 4:4:4, without metadata."""
    return fit.encode(pixels, quality)


def sniff(data: bytes) -> str | None:
    """The media type by content, None when it is not one that the gate lets in."""
    return MEDIA_TYPES.get(detect_format(data))


def read_size(data: bytes) -> Size:
    """(width, height) as `decode` will give them, from the header only. Raises ImageRejected."""
    opened = open_photo(data)
    return opened.width, opened.height


def read_stored_size_and_orientation(data: bytes) -> tuple[Size, int]:
    """((width, height) before turning, EXIF's orientation 1..8), from the header only. Raises ImageRejected."""
    opened = open_photo(data)
    return opened.image.size, opened.orientation


def _list_changes(opened: OpenedPhoto, photo: Photo) -> list[PhotoChange]:
    """What happened to the picture as a whole; `rgb` reports what happened to its colours."""
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
