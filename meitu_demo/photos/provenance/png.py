"""Embeds an XMP packet in a PNG and reads packets: keeps the chunks that decode pixels (PNG 3rd ed., ch. 5 and 11).

XMP is in an iTXt chunk with the keyword XML:com.adobe.xmp (XMP part 3, 1.1.5).
"""

import struct
import zlib
from collections.abc import Iterator

from ..icc_profile import MAX_EMBEDDED_PROFILE_BYTES, is_icc_profile
from ..metadata import build_orientation_exif

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP_KEYWORD = b"XML:com.adobe.xmp"
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")
_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT"})
_COLOUR_CHUNKS = frozenset({b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP", b"mDCV", b"cLLI"})
_MAX_CHUNKS = 65536  # as in `photos.png_structure`
MAX_TEXT_BYTES = 1_000_000  # inflated


def embed_packet(data: bytes, packet: bytes, orientation: int) -> bytes:
    """Return the PNG `data` with `packet` as its only metadata. Raises ValueError for a truncated file."""
    chunks = []
    kind = b""
    for kind, body, raw_chunk in _iterate_chunks(data):
        if kind == b"iCCP":
            profile = _decompress(body.partition(b"\0")[2][1:], MAX_EMBEDDED_PROFILE_BYTES)
            if is_icc_profile(profile):
                chunks.append(_build_chunk(kind, b"icc\0\0" + zlib.compress(profile)))
        elif kind in _PIXEL_CHUNKS or kind in _COLOUR_CHUNKS:
            chunks.append(raw_chunk)
        if kind == b"IHDR":
            exif = build_orientation_exif(orientation)
            chunks.append(_build_chunk(b"iTXt", _XMP_KEYWORD + b"\0\0\0\0\0" + packet))
            chunks += [_build_chunk(b"eXIf", exif)] if exif else []
    if kind != b"IEND":
        raise ValueError("no end of image")
    return _SIGNATURE + b"".join(chunks)


def read_packets(data: bytes) -> Iterator[bytes]:
    """Read every XMP packet up to the first unreadable chunk."""
    return (text for keyword, text in read_texts(data) if keyword == _XMP_KEYWORD)


def read_texts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (keyword, inflated text) of every text chunk; a text above MAX_TEXT_BYTES is empty."""
    for kind, body, _ in _iterate_chunks(data):
        if kind not in _TEXT_CHUNKS:
            continue
        keyword, _, rest = body.partition(b"\0")
        packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
        if kind == b"zTXt":
            rest = rest[1:]
        elif kind == b"iTXt":
            rest = rest[2:].split(b"\0", 2)[-1]  # after language and translated keyword
        yield keyword, _decompress(rest, MAX_TEXT_BYTES) if packed else rest[: MAX_TEXT_BYTES + 1]


def _iterate_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield (type, body, complete chunk) up to IEND or the truncation."""
    offset = len(_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        length, kind = int.from_bytes(data[offset : offset + 4], "big"), data[offset + 4 : offset + 8]
        end = offset + 12 + length
        if end > len(data):
            return
        yield kind, data[offset + 8 : end - 4], data[offset:end]
        if kind == b"IEND":
            return
        offset = end


def _build_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _decompress(data: bytes, limit: int) -> bytes:
    """Inflate a zlib stream; empty when it is broken or longer than `limit` bytes."""
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, limit)
    except zlib.error:
        return b""
    return out if stream.eof else b""
