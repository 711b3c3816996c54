"""Opens picture files from untrusted sources: uploads, the offline server's input, vendors' results.

Accepts JPEG, PNG, WebP, BMP and HEIC, recognised by content and never by name. Checks the limits on bytes and pixels
against the header before a decoder reserves memory. Also checks that the file is complete, because some decoders fill
missing pixels with grey and report nothing. Every loop is bounded. Any exception of a decoder becomes ImageRejected.
Importing this module sets Pillow's process-wide limits, because Gradio opens files as well.
"""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image, ImageFile, PngImagePlugin

from ..domain.errors import ImageRejected
from . import jpeg_decoder, jpeg_structure, png_structure
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

_BI_RGB, _BI_BITFIELDS = 0, 3  # uncompressed pixels in a BMP's header
_MAX_BMP_PIXELS_PER_BYTE = 128  # a run of 255 takes two bytes
_BMP_RUN_LENGTH = (1, 2)  # of 8 and of 4 bits a pixel

MAX_BYTES = 40_000_000
MAX_PIXELS = 50_000_000  # phones take up to 50 megapixels
MAX_ANIMATED_PIXELS = 12_000_000  # WebP's decoder holds several canvases with four bytes per pixel
MAX_SIDE_PX = 32767  # decoders have limits above this

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
ImageFile.LOAD_TRUNCATED_IMAGES = False
PngImagePlugin.MAX_TEXT_MEMORY = 16_000_000  # deflated text expands up to a thousandfold
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class OpenedPhoto:
    """A file within the limits: its header is read, its pixels are not.

    data: the file. stripped: the file without segments that its pixels do not need; decoders get this.
    kind: Pillow's format name. image: Pillow's lazy image, as stored. width, height: px, upright.
    orientation: EXIF's 1..8, still to be applied to the decoded pixels. is_rotated: the stored pixels are not upright,
    whether the decoder or the caller turns them. has_metadata, has_gps: the file carries metadata, a position.
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


def read_file(path: Path) -> bytes:
    """The bytes of a photo's file. Blocks. Raises ImageRejected if they are more than MAX_BYTES, and OSError."""
    size_bytes = path.stat().st_size
    if size_bytes > MAX_BYTES:
        raise ImageRejected("image_too_large_file", bytes=size_bytes, limit=MAX_BYTES)
    return path.read_bytes()


def open_photo(data: bytes, *, max_pixels: int = MAX_PIXELS) -> OpenedPhoto:
    """Open a picture file by its content and check its limits: at most `max_pixels`, never more than MAX_PIXELS.

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
        if kind == "JPEG" and not jpeg_structure.has_end_marker(data):
            jpeg_decoder.check_scans(stripped)
        image = Image.open(io.BytesIO(stripped), formats=(kind,))
        _check_pixels(image.size, max_pixels)
        if math.prod(image.size) > math.prod(declared):  # a HEIC may declare a crop larger than the picture
            raise ImageRejected("image_unreadable")
        return _build_opened_photo(data, stripped, kind, image)


@contextmanager
def decoder_errors() -> Iterator[None]:
    """Translate every exception of a decoder to ImageRejected; decoders document no narrower set of exceptions."""
    try:
        yield
    except ImageRejected:
        raise
    except struct.error as error:
        raise ImageRejected("image_truncated") from error
    except Exception as error:
        raise ImageRejected("image_truncated" if "truncated" in str(error) else "image_unreadable") from error


def format_file_size(count: int) -> str:
    """Format a number of bytes for people, in decimal units: "3.1 MB", "840 KB"."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3))} KB"


def _check_pixels(size: Size, limit: int) -> None:
    width, height = size
    if min(size) < 1:
        raise ImageRejected("image_unreadable")
    if width * height > limit or max(size) > MAX_SIDE_PX:
        raise ImageRejected("image_too_many_pixels", width=width, height=height, limit=round(limit / 1e6, 1))


def _build_opened_photo(data: bytes, stripped: bytes, kind: str, image: Image.Image) -> OpenedPhoto:
    orientation, gps = read_orientation_and_gps(data, kind, image.info)
    is_rotated = orientation != 1
    if kind == "HEIF":  # the plugin resets EXIF's orientation to 1 and reports the original, applied or not
        stored_orientation = image.info.get("original_orientation") or 1
        is_rotated = stored_orientation != 1
        is_pending = is_rotated and stored_orientation <= 8 and not has_heif_rotation(data)
        orientation = stored_orientation if is_pending else 1
    metadata = has_metadata(data, kind, image.info)
    width, height = image.size[::-1] if orientation >= 5 else image.size
    return OpenedPhoto(data, stripped, kind, image, width, height, orientation, is_rotated, metadata, gps)


@cache
def _register_heif() -> None:
    import pillow_heif  # imported late: takes 40 ms, needed for HEIC only

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)


def is_complete(data: bytes, kind: str) -> bool:
    """Whether the file is as long as it declares and can hold its pixels; trailing bytes do not matter.

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
    """Count rows, because the length in the header is often wrong; run-length pixels must have their end mark."""
    start, header_bytes = struct.unpack_from("<II", data, 10)
    if header_bytes == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
        if compression in _BMP_RUN_LENGTH:
            return _has_bmp_end_mark(data, start, abs(width * height))
        if compression not in (_BI_RGB, _BI_BITFIELDS):
            raise ValueError("compressed")
    row = (width * bits + 31) // 32 * 4
    return bool(row * (abs(height) - 1) + width * bits // 8 <= len(data) - max(start, 14 + header_bytes))


def is_run_length_bmp(data: bytes, kind: str) -> bool:
    """Whether the file is a BMP whose pixels are stored as runs."""
    return kind == "BMP" and struct.unpack_from("<I", data, 14)[0] > 12 and data[30] in _BMP_RUN_LENGTH


def _has_bmp_end_mark(data: bytes, start: int, pixels: int) -> bool:
    """Whether run-length data can hold all pixels, and end with the mark for the end of the bitmap."""
    (size,) = struct.unpack_from("<I", data, 34)
    encoded = data[start : start + size] if size else data[start:]
    is_long_enough = size <= len(encoded) and pixels <= _MAX_BMP_PIXELS_PER_BYTE * len(encoded)
    return is_long_enough and encoded.rstrip(b"\0").endswith(b"\0\1")


def _find_boxes_end(data: bytes) -> int:
    offset = 0
    for _ in range(jpeg_structure.MAX_SEGMENTS):
        if offset >= len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, offset)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, offset + 8)
        if length == 0 or not kind.isalnum():  # the last box, or trailing bytes
            return len(data)
        if length < 8:
            raise ValueError("box shorter than its head")
        offset += length
    return offset
