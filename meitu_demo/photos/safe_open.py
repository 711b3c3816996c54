"""The one gate for picture files: uploads, the offline server's input, vendors' results, templates.

Only `codec`, `rgb` and tests import it. Opens JPEG, PNG, WEBP, BMP and HEIC by content, never by name, and holds the
limits of bytes and pixels against the header before anything is decoded. Whatever a foreign parser throws leaves here
as ImageRejected. Importing it sets Pillow's process-wide limits, because Gradio opens files by itself.
"""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from PIL import Image, ImageFile, PngImagePlugin

from ..domain.errors import ImageRejected
from . import jpeg_structure, png_structure
from .headers import (
    MEDIA_TYPES,
    UNKNOWN_FORMAT,
    Size,
    detect_format,
    has_heif_rotation,
    is_animated,
    read_declared_size,
)
from .metadata import has_metadata, read_orientation_and_gps

# MERGED imaging/whole.py: Whether a picture file reaches its own end, told without decoding it. Only `gate` imports it.
# A decoder would notice as well, but only after it has reserved memory for what the header promises; some fill the rest
# with grey and say nothing. Every loop is bounded.

_BI_RGB, _BI_BITFIELDS = 0, 3  # ways of storing a BMP's pixels


def is_complete(data: bytes, kind: str) -> bool:
    """Whether the file reaches its own end and can hold its pixels; trailing bytes do not matter.

    Raises ValueError or struct.error.
    """
    match kind:
        case "JPEG":
            return jpeg_structure.is_complete(data)
        case "PNG":
            return png_structure.is_complete(data)
        case "BMP":
            return _has_all_bmp_rows(data)
        case "WEBP":
            return bool(struct.unpack_from("<I", data, 4)[0] + 8 <= len(data))
        case _:
            return _find_boxes_end(data) <= len(data)


def _has_all_bmp_rows(data: bytes) -> bool:
    """The header's own length is often wrong, so rows are counted.

    Run-length pixels raise ValueError: Pillow unpacks them in Python, seconds for what a few bytes may ask, and no
    photo is stored so.
    """
    start, header_bytes = struct.unpack_from("<II", data, 10)
    if header_bytes == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        if compression not in (_BI_RGB, _BI_BITFIELDS):
            raise ValueError("compressed")
    row = (width * bits + 31) // 32 * 4
    return bool(row * (abs(height) - 1) + width * bits // 8 <= len(data) - max(start, 14 + header_bytes))


def _find_boxes_end(data: bytes) -> int:
    offset = 0
    for _ in range(jpeg_structure.MAX_SEGMENTS):
        if offset >= len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, offset)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, offset + 8)
        if length == 0 or not kind.isalnum():  # up to the end of the file, or bytes that trail it
            return len(data)
        if length < 8:
            raise ValueError("box shorter than its head")
        offset += length
    return offset


MAX_BYTES = 40_000_000
MAX_PIXELS = 50_000_000  # the largest phones' 48 and 50 megapixels come in
MAX_ANIMATED_PIXELS = 12_000_000  # pixels of a moving WebP: its decoder keeps several canvases, at four bytes a pixel
MAX_SIDE_PX = 32767  # px; decoders' own limits begin here

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False
PngImagePlugin.MAX_TEXT_MEMORY = 16_000_000  # compressed text swells a thousandfold
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class OpenedPhoto:
    """A file that passed the gate; its header is read, its pixels are not.

    bare: what decoders are given, the file without what its pixels do not need. width, height: px as a person sees it,
    turned upright. orientation: EXIF's 1..8, what remains to be done to the decoded pixels. turned: that, or the
    decoder does it. metadata: the file carries some, gps: a position is among it.
    image: Pillow's, lazy, as stored.
    """

    data: bytes = field(repr=False)
    stripped: bytes = field(repr=False)
    kind: str
    image: Image.Image = field(repr=False)
    width: int
    height: int
    orientation: int
    is_rotated: bool
    has_metadata: bool
    has_gps: bool


def open_photo(data: bytes, *, max_pixels: int = MAX_PIXELS) -> OpenedPhoto:
    """Open by content and check the limits. At most `max_pixels`, and never more than MAX_PIXELS.

    Raises ImageRejected: image_empty, image_wrong_kind (found, where known), image_too_large_file (bytes, limit),
    image_too_many_pixels (width, height, limit: megapixels), image_truncated, image_unreadable.
    """
    if not data:
        raise ImageRejected("image_empty")
    if len(data) > MAX_BYTES:
        raise ImageRejected("image_too_large_file", bytes=len(data), limit=MAX_BYTES)
    kind = detect_format(data)
    if kind not in MEDIA_TYPES:
        raise ImageRejected("image_wrong_kind", **({} if kind == UNKNOWN_FORMAT else {"found": kind}))
    with decoder_errors():
        max_pixels = min(max_pixels, MAX_ANIMATED_PIXELS if is_animated(data, kind) else MAX_PIXELS)
        declared = read_declared_size(data, kind)
        _check_pixels(declared, max_pixels)
        if not is_complete(data, kind):
            raise ImageRejected("image_truncated")
        if kind == "HEIF":
            _register_heif()
        stripped = jpeg_structure.strip_metadata(data) if kind == "JPEG" else data
        image = Image.open(io.BytesIO(stripped), formats=(kind,))
        _check_pixels(image.size, max_pixels)
        if math.prod(image.size) > math.prod(declared):  # a HEIC's crop may be larger than what it crops
            raise ImageRejected("image_unreadable")
        return _build_opened_photo(data, stripped, kind, image)


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Turns whatever a decoder raises over a hostile file into ImageRejected; parsers promise nothing narrower."""
    try:
        yield
    except ImageRejected:
        raise
    except struct.error as error:
        raise ImageRejected("image_truncated") from error
    except Exception as error:
        raise ImageRejected("image_truncated" if "truncated" in str(error) else "image_unreadable") from error


def format_file_size(count: int) -> str:
    """A file's size for people: "3.1 MB", "840 KB" (decimal)."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} KB"


def _check_pixels(size: Size, limit: int) -> None:
    width, height = size
    if min(size) < 1:
        raise ImageRejected("image_unreadable")
    if width * height > limit or max(size) > MAX_SIDE_PX:
        raise ImageRejected("image_too_many_pixels", width=width, height=height, limit=round(limit / 1e6, 1))


def _build_opened_photo(data: bytes, stripped: bytes, kind: str, image: Image.Image) -> OpenedPhoto:
    orientation, gps = read_orientation_and_gps(data, kind, image.info)
    turned = orientation != 1
    if kind == "HEIF":  # the plugin sets EXIF's orientation to 1 and remembers it, whether or not it was obeyed
        stored_orientation = image.info.get("original_orientation") or 1
        turned = stored_orientation != 1
        orientation = stored_orientation if turned and stored_orientation <= 8 and not has_heif_rotation(data) else 1
    metadata = has_metadata(data, kind, image.info)
    width, height = image.size[::-1] if orientation >= 5 else image.size
    return OpenedPhoto(data, stripped, kind, image, width, height, orientation, turned, metadata, gps)


@cache
def _register_heif() -> None:
    import pillow_heif  # 40 ms that a start without HEIC need not spend

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
