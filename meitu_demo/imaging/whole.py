"""Whether a picture file reaches its own end, told without decoding it. Only `gate` imports it.

A decoder would notice as well, but only after it has reserved memory for what the header promises; some fill the rest
with grey and say nothing. Every loop is bounded.
"""

import struct

from . import jpeg, png

_BI_RGB, _BI_BITFIELDS = 0, 3  # ways of storing a BMP's pixels


def is_complete(data: bytes, kind: str) -> bool:
    """Whether the file reaches its own end and can hold its pixels; trailing bytes do not matter.

    Raises ValueError or struct.error.
    """
    match kind:
        case "JPEG":
            return jpeg.is_complete(data)
        case "PNG":
            return png.is_complete(data)
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
    for _ in range(jpeg.MAX_SEGMENTS):
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
