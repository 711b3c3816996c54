"""Reads orientation from EXIF, and the presence of a GPS position from EXIF and XMP; builds EXIF of an orientation.

XMP's orientation does not count: browsers ignore it.

Pillow's EXIF reader loads every value: a file of half a megabyte that lists one long value ten thousand times took six
gigabytes. So the two facts that are needed are looked up here.
"""

import struct
from collections.abc import Mapping
from typing import Any

from . import jpeg_structure, png_structure

_ORIENTATION_TAG, _GPS_TAG, _SHORT_TYPE = 0x0112, 0x8825, 3  # EXIF's
_INTEGER_FORMATS = {1: "B", 3: "H", 4: "I"}  # EXIF's integer types, by number, as format characters of struct
_IMAGEMAGICK_EXIF_KEY = "Raw profile type exif"  # hexadecimal; used before PNG had a chunk for EXIF


def read_orientation_and_gps(data: bytes, kind: str, info: Mapping[Any, Any]) -> tuple[int, bool]:
    """Read (EXIF's orientation 1..8, whether there is a GPS position). A broken block counts as missing.

    info: `Image.info` of Pillow.
    """
    exif, xmp = read_exif_and_xmp(data, kind, info)
    orientation, gps = _read_exif(exif)
    return (orientation if orientation is not None and 1 <= orientation <= 8 else 1), gps or b"GPSLatitude" in xmp


def has_metadata(data: bytes, kind: str, info: Mapping[Any, Any]) -> bool:
    """Whether the file holds metadata, which the prepared photo will not have."""
    if kind == "JPEG":
        return jpeg_structure.has_metadata(data)
    return any(read_exif_and_xmp(data, kind, info)) or (kind == "PNG" and png_structure.has_metadata(data))


def read_exif_and_xmp(data: bytes, kind: str, info: Mapping[Any, Any]) -> tuple[bytes, bytes]:
    """Read (EXIF, XMP), each empty if missing."""
    if kind == "JPEG":
        return jpeg_structure.read_exif_and_xmp(data)
    if kind == "PNG":
        exif, xmp = png_structure.read_exif_and_xmp(data)
        return exif or _parse_hex(info.get(_IMAGEMAGICK_EXIF_KEY)), xmp or _as_bytes(info.get("xmp"))
    return _as_bytes(info.get("exif")), _as_bytes(info.get("xmp"))


def build_orientation_exif(orientation: int) -> bytes:
    """Build an EXIF block with the orientation only; empty for upright pixels."""
    if orientation == 1:
        return b""
    entry = struct.pack(">HHIHH", _ORIENTATION_TAG, _SHORT_TYPE, 1, orientation, 0)
    return struct.pack(">2sHIH", b"MM", 42, 8, 1) + entry + bytes(4)


def _read_exif(block: bytes) -> tuple[int | None, bool]:
    start = 6 if block.startswith(b"Exif\0\0") else 0
    byte_order = {b"II": "<", b"MM": ">"}.get(block[start : start + 2])
    orientation, gps = None, False
    if byte_order is None:
        return orientation, gps
    try:
        offset = start + struct.unpack_from(byte_order + "I", block, start + 4)[0]
        (count,) = struct.unpack_from(byte_order + "H", block, offset)
        for row in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(byte_order + "HH", block, row)
            gps |= tag == _GPS_TAG
            if tag == _ORIENTATION_TAG and kind in _INTEGER_FORMATS:
                (orientation,) = struct.unpack_from(byte_order + _INTEGER_FORMATS[kind], block, row + 8)
    except struct.error:  # truncated: what was read so far counts
        pass
    return orientation, gps


def _parse_hex(text: object) -> bytes:
    try:
        return bytes.fromhex("".join(str(text or "").split("\n")[3:]))
    except ValueError:
        return b""


def _as_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
