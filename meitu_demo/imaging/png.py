"""A PNG taken apart at its chunks, read by us before any library sees the file. Only the codec's parts import it."""

import struct
from typing import NamedTuple

_SAMPLES = {2: 3, 4: 2, 6: 4}  # of a pixel, by colour type
_DENSITY = 1040  # bytes out of one byte in: deflate reaches 1032
_MOST_CHUNKS = 65_536  # 40 MB in the smallest chunks that encoders write (4 KB) are ten thousand
_MOST_OTHERS = 4096  # a photo has about ten, a moving picture one for each frame
_PIXELS = {"IDAT", "fdAT"}
_TEXT = {"tEXt", "zTXt", "iTXt", "eXIf", "tIME"}
_XMP = b"XML:com.adobe.xmp\0\0\0"  # followed by language, its translation, and the text as it is


class Chunk(NamedTuple):
    """A complete chunk: its type, and where its body is."""

    name: str
    start: int
    end: int


def chunks(data: bytes) -> list[Chunk]:
    """The complete chunks up to IEND. Raises ValueError when there are absurdly many."""
    found: list[Chunk] = []
    at, others = 8, 0
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            break
        name = data[at + 4 : at + 8].decode("latin-1")
        found.append(Chunk(name, at + 8, at + 8 + length))
        if name == "IEND":
            break
        others += name not in _PIXELS
        if others > _MOST_OTHERS or len(found) > _MOST_CHUNKS:
            raise ValueError("too many chunks")
        at += 12 + length
    return found


def is_whole(data: bytes) -> bool:
    """Whether the file reaches its end, with so much before it that it can hold the pixels. Raises as `chunks`."""
    width, height, depth, colour = struct.unpack_from(">IIBB", data, 16)
    row = 1 + width * depth * _SAMPLES.get(colour, 1) // 8
    found = chunks(data)
    packed = sum(chunk.end - chunk.start for chunk in found if chunk.name == "IDAT")
    return bool(found) and found[-1].name == "IEND" and row * height <= _DENSITY * packed


def exif_and_xmp(data: bytes) -> tuple[bytes, bytes]:
    """(EXIF, XMP), wherever in the file they stand; empty where there is none."""
    found = {"eXIf": b"", "iTXt": b""}
    for name, start, end in chunks(data):
        if name == "eXIf" or (name == "iTXt" and data.startswith(_XMP, start)):
            found[name] = data[start:end]
    return found["eXIf"], found["iTXt"]


def has_text(data: bytes) -> bool:
    """Whether anything is said beside the pixels."""
    return any(chunk.name in _TEXT for chunk in chunks(data))
