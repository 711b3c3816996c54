"""Whether a picture file reaches its own end, told without decoding it. Only `gate` imports it.

A decoder would notice as well, but only after it has reserved memory for what the header promises; some fill the rest
with grey and say nothing. Every loop is bounded.
"""

import struct

from .headers import MOST_SEGMENTS, jpeg_frame

_PNG_SAMPLES = {2: 3, 4: 2, 6: 4}
_DEFLATE_DENSITY = 1040  # bytes out of one byte in: deflate reaches 1032
_JPEG_DENSITY = 640  # pixels out of one byte: a bit for each 8×8 block is the least, which makes 512
_MOST_CHUNKS = 65536  # PNG: 40 MB in the smallest chunks that encoders write (4 KB) are ten thousand


def is_whole(data: bytes, kind: str) -> bool:
    """Whether the file reaches its own end and can hold its pixels; trailing bytes do not matter.

    Raises ValueError or struct.error.
    """
    match kind:
        case "JPEG":
            (width, height), scan = jpeg_frame(data)
            return data.find(b"\xff\xd9", scan) > 0 and width * height <= _JPEG_DENSITY * len(data)
        case "PNG":
            width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
            row = 1 + width * depth * _PNG_SAMPLES.get(colour, 1) // 8
            return "IEND" in png_chunks(data) and row * height <= _DEFLATE_DENSITY * len(data)
        case "WEBP":
            return bool(struct.unpack_from("<I", data, 4)[0] + 8 <= len(data))
        case "HEIF":
            return _boxes_end(data) <= len(data)
    return True  # BMP: the decoder counts rows, and the header's own length is often wrong


def png_chunks(data: bytes) -> set[str]:
    """The types of the complete chunks up to IEND. Raises ValueError when there are absurdly many."""
    found: set[str] = set()
    at = 8
    for _ in range(_MOST_CHUNKS):
        if at + 12 > len(data) or "IEND" in found:
            return found
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            return found
        found.add(data[at + 4 : at + 8].decode("latin-1"))
        at += 12 + length
    raise ValueError("too many chunks")


def _boxes_end(data: bytes) -> int:
    at = 0
    for _ in range(MOST_SEGMENTS):
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
