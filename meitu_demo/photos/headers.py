"""Reads a picture file's format and declared size from its header, before any library opens the file.

Allocates only a few bytes and bounds every loop, so the pixel limit is checked before a decoder reserves memory.
"""

import re
import struct
from itertools import islice

from .jpeg_structure import MAX_SEGMENTS, read_header

Size = tuple[int, int]

MEDIA_TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "BMP": "image/bmp", "HEIF": "image/heic"}
UNKNOWN_FORMAT = "?"

_SIGNATURES = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"BM": "BMP",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"\0\0\1\0": "ICO",
    b"8BPS": "PSD",
    b"%PDF": "PDF",
    b"PK\3\4": "ZIP",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL \r\n\x87\n": "JPEG XL",  # in a container
}
_HEVC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_ANIMATION_FLAG = 2  # among the flags of a WebP


def detect_format(data: bytes) -> str:
    """Detect the format from the content: Pillow's name for it, or UNKNOWN_FORMAT."""
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), 256, len(data))
        brands = {data[8:12], *(data[offset : offset + 4] for offset in range(16, end - 3, 4))}
        if brands & _HEVC_BRANDS:
            return "HEIF"
        return "AVIF" if brands & {b"avif", b"avis"} else "HEIF" if brands & {b"mif1", b"msf1"} else UNKNOWN_FORMAT
    return "SVG" if b"<svg" in data[:1024] else UNKNOWN_FORMAT


def read_declared_size(data: bytes, kind: str) -> Size:
    """(width, height) in pixels as stored, of a `kind` in MEDIA_TYPES. Raises ValueError or struct.error."""
    match kind:
        case "JPEG":
            return read_header(data).size
        case "PNG":
            width, height = struct.unpack_from(">II", data, 16)
        case "BMP":
            is_core_header = struct.unpack_from("<I", data, 14)[0] == 12
            width, height = struct.unpack_from("<HH" if is_core_header else "<ii", data, 18)
        case "WEBP":
            return _read_webp_size(data)
        case _:
            # HEIF: the largest of canvas, tiles and thumbnails, because the pixel limit applies to each.
            boxes = list(islice(re.finditer(rb"ispe.{4}(.{8})", data, re.DOTALL), MAX_SEGMENTS))
            sizes = [struct.unpack(">II", box[1]) for box in boxes]
            if len(sizes) == MAX_SEGMENTS:
                raise ValueError("too many boxes")
            width, height = max(sizes, key=lambda size: size[0] * size[1])
    return abs(width), abs(height)


def has_heif_rotation(data: bytes) -> bool:
    """Whether a HEIC has rotation or mirror boxes: libheif applies them, so EXIF's orientation must not be applied."""
    offset = data.find(b"ipco")
    properties = data[offset : offset + int.from_bytes(data[max(offset - 4, 0) : max(offset, 0)], "big")]
    return b"irot" in properties or b"imir" in properties


def is_animated(data: bytes, kind: str) -> bool:
    """Whether the file is an animated WebP."""
    return kind == "WEBP" and data[12:16] == b"VP8X" and bool(data[20:21] and data[20] & _ANIMATION_FLAG)


def _read_webp_size(data: bytes) -> Size:
    match data[12:16]:
        case b"VP8X":
            width, height = (int.from_bytes(data[offset : offset + 3], "little") + 1 for offset in (24, 27))
        case b"VP8L":
            bits = struct.unpack_from("<I", data, 21)[0]
            width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 ":
            width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
        case _:
            raise ValueError("no WebP chunk")
    return width, height
