"""A PNG's chunks (PNG, third edition, chapters 5 and 11): what decodes its pixels is kept, the packet put beside it.

XMP lies in an iTXt chunk with a keyword of its own (XMP part 3, 1.1.5). Only `marks` and tests import it.
"""

import struct
import zlib
from collections.abc import Iterator

from .profile import LARGEST, is_profile, upright_exif

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT"})
_COLOURS = frozenset({b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"cICP", b"mDCV", b"cLLI"})
_MOST_CHUNKS = 65536  # as in `imaging.whole`
LARGEST_TEXT = 1_000_000  # bytes, unpacked


def with_packet(data: bytes, packet: bytes, orientation: int) -> bytes:
    """The PNG `data` with `packet` as its only metadata. Raises ValueError when it does not come to its end."""
    kept = []
    kind = b""
    for kind, body, whole in _chunks(data):
        if kind == b"iCCP":
            profile = _unpacked(body.partition(b"\0")[2][1:], LARGEST)
            if is_profile(profile):
                kept.append(_chunk(kind, b"icc\0\0" + zlib.compress(profile)))
        elif kind in _PIXELS or kind in _COLOURS:
            kept.append(whole)
        if kind == b"IHDR":
            exif = upright_exif(orientation)
            kept.append(_chunk(b"iTXt", _XMP + b"\0\0\0\0\0" + packet))
            kept += [_chunk(b"eXIf", exif)] if exif else []
    if kind != b"IEND":
        raise ValueError("no end of image")
    return _SIGNATURE + b"".join(kept)


def packets(data: bytes) -> Iterator[bytes]:
    """Every XMP packet, as far as the file can be read."""
    return (text for keyword, text in texts(data) if keyword == _XMP)


def texts(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(keyword, text) of every text chunk, unpacked; one that is longer than LARGEST_TEXT comes out empty."""
    for kind, body, _ in _chunks(data):
        if kind not in _TEXTS:
            continue
        keyword, _, rest = body.partition(b"\0")
        packed = kind == b"zTXt" or (kind == b"iTXt" and rest[:1] == b"\1")
        if kind == b"zTXt":
            rest = rest[1:]
        elif kind == b"iTXt":
            rest = rest[2:].split(b"\0", 2)[-1]  # behind language and translated keyword
        yield keyword, _unpacked(rest, LARGEST_TEXT) if packed else rest[: LARGEST_TEXT + 1]


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(type, body, the whole chunk) up to IEND or to where the file breaks off."""
    at = len(_SIGNATURE)
    for _ in range(_MOST_CHUNKS):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            return
        yield kind, data[at + 8 : end - 4], data[at:end]
        if kind == b"IEND":
            return
        at = end


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _unpacked(data: bytes, limit: int) -> bytes:
    """At most `limit` bytes out of a zlib stream; nothing when there are more, or it is broken."""
    stream = zlib.decompressobj()
    try:
        out = stream.decompress(data, limit)
    except zlib.error:
        return b""
    return out if stream.eof else b""
