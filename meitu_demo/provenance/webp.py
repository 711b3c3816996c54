"""A WebP's chunks (RFC 9649, section 2): what decodes its pixels is kept, the packet put beside it.

A file that has only pixels is given the extended header (2.7), without which no metadata is looked for. Only `marks`
and tests import it.
"""

import struct
from collections.abc import Iterator

from .profile import is_profile, upright_exif

_PIXELS = (b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_PROFILE, _ALPHA, _EXIF, _XMP, _ANIMATED = 0x20, 0x10, 0x08, 0x04, 0x02  # flags of VP8X
_MOST_CHUNKS = 65536


def with_packet(data: bytes, packet: bytes, orientation: int, size: tuple[int, int]) -> bytes:
    """The WebP `data`, of (width, height) as stored, with `packet` as its only metadata. Raises ValueError."""
    chunks = list(_chunks(data))
    pixels = [(kind, body) for kind, body in chunks if kind in _PIXELS]
    if not pixels:
        raise ValueError("no pixels")
    profile = next((body for kind, body in chunks if kind == b"ICCP" and is_profile(body)), b"")
    exif = upright_exif(orientation)
    flags = next((body[0] for kind, body in chunks if kind == b"VP8X" and body), _alpha(pixels[0]))
    flags = flags & (_ALPHA | _ANIMATED) | _XMP | (_PROFILE if profile else 0) | (_EXIF if exif else 0)
    canvas = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    out = [(b"VP8X", bytes([flags, 0, 0, 0]) + canvas)]
    out += [(b"ICCP", profile)] if profile else []
    out += pixels
    out += [(b"EXIF", exif)] if exif else []
    out += [(b"XMP ", packet)]
    body = b"".join(kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for kind, part in out)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def packets(data: bytes) -> Iterator[bytes]:
    """Every XMP packet, as far as the file can be read."""
    return (body for kind, body in _chunks(data) if kind == b"XMP ")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(FourCC, body) up to the end that the file names, or to where it breaks off."""
    at, end = 12, min(len(data), int.from_bytes(data[4:8], "little") + 8)
    for _ in range(_MOST_CHUNKS):
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            return
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _alpha(first: tuple[bytes, bytes]) -> int:
    """The flag of a file without VP8X: a lossless stream says itself whether it shines through (RFC 9649, 3.4)."""
    kind, body = first
    return _ALPHA if kind == b"VP8L" and len(body) > 4 and body[4] & 0x10 else 0
