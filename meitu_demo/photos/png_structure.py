"""Parses and checks a PNG's chunks before any library opens the file."""

import struct
from typing import NamedTuple

_SAMPLES_PER_PIXEL = {2: 3, 4: 2, 6: 4}  # by colour type; 1 for the others
_MAX_DEFLATE_RATIO = 1040  # deflate reaches 1032
_MAX_CHUNKS = 65_536  # a file of 40 MB in the smallest chunks that encoders write, 4 KB, has ten thousand
_MAX_NON_PIXEL_CHUNKS = 4096  # a photo has about ten, an animation one per frame
_PIXEL_CHUNKS = {"IDAT", "fdAT"}
_METADATA_CHUNKS = {"tEXt", "zTXt", "iTXt", "eXIf", "tIME"}
_XMP_PREFIX = b"XML:com.adobe.xmp\0\0\0"  # uncompressed, without language and translated keyword


class Chunk(NamedTuple):
    """A complete chunk: its type, and the offsets where its body starts and ends."""

    name: str
    start: int
    end: int


def read_chunks(data: bytes) -> list[Chunk]:
    """List the complete chunks up to IEND. Raises ValueError when there are too many."""
    found: list[Chunk] = []
    offset, others = 8, 0
    while offset + 12 <= len(data):
        length = int.from_bytes(data[offset : offset + 4], "big")
        if offset + 12 + length > len(data):
            break
        name = data[offset + 4 : offset + 8].decode("latin-1")
        found.append(Chunk(name, offset + 8, offset + 8 + length))
        if name == "IEND":
            break
        others += name not in _PIXEL_CHUNKS
        if others > _MAX_NON_PIXEL_CHUNKS or len(found) > _MAX_CHUNKS:
            raise ValueError("too many chunks")
        offset += 12 + length
    return found


def is_complete(data: bytes) -> bool:
    """Whether the file has an IEND chunk and enough image data for all pixels. Raises ValueError or struct.error."""
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    row = 1 + width * depth * _SAMPLES_PER_PIXEL.get(colour, 1) // 8
    found = read_chunks(data)
    packed = sum(chunk.end - chunk.start for chunk in found if chunk.name == "IDAT")
    return bool(found) and found[-1].name == "IEND" and row * height <= _MAX_DEFLATE_RATIO * packed


def read_exif_and_xmp(data: bytes) -> tuple[bytes, bytes]:
    """Read (EXIF, XMP) from anywhere in the file; each empty if missing."""
    found = {"eXIf": b"", "iTXt": b""}
    for name, start, end in read_chunks(data):
        if name == "eXIf" or (name == "iTXt" and data.startswith(_XMP_PREFIX, start)):
            found[name] = data[start:end]
    return found["eXIf"], found["iTXt"]


def has_metadata(data: bytes) -> bool:
    """Whether the file has chunks with metadata."""
    return any(chunk.name in _METADATA_CHUNKS for chunk in read_chunks(data))
