"""Whether a picture file reaches its own end, told without decoding it. Only `gate` imports it.

A decoder would notice as well, but only after it has reserved memory for what the header promises; some fill the rest
with grey and say nothing. Every loop is bounded.
"""

import struct

from . import jpeg, png

_PLAIN, _MASKED = 0, 3  # ways of storing a BMP's pixels


def is_whole(data: bytes, kind: str) -> bool:
    """Whether the file reaches its own end and can hold its pixels; trailing bytes do not matter.

    Raises ValueError or struct.error.
    """
    match kind:
        case "JPEG":
            return jpeg.is_whole(data)
        case "PNG":
            return png.is_whole(data)
        case "BMP":
            return _rows_fit(data)
        case "WEBP":
            return bool(struct.unpack_from("<I", data, 4)[0] + 8 <= len(data))
        case _:
            return _boxes_end(data) <= len(data)


def _rows_fit(data: bytes) -> bool:
    """The header's own length is often wrong, so rows are counted.

    Run-length pixels raise ValueError: Pillow unpacks them in Python, seconds for what a few bytes may ask, and no
    photo is stored so.
    """
    start, head = struct.unpack_from("<II", data, 10)
    if head == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
    else:
        width, height, _, bits, stored = struct.unpack_from("<iiHHI", data, 18)
        if stored not in (_PLAIN, _MASKED):
            raise ValueError("compressed")
    row = (width * bits + 31) // 32 * 4
    return bool(row * (abs(height) - 1) + width * bits // 8 <= len(data) - max(start, 14 + head))


def _boxes_end(data: bytes) -> int:
    at = 0
    for _ in range(jpeg.MOST_SEGMENTS):
        if at >= len(data):
            break
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
        if length == 0 or not kind.isalnum():  # up to the end of the file, or bytes that trail it
            return len(data)
        if length < 8:
            raise ValueError("box shorter than its head")
        at += length
    return at
