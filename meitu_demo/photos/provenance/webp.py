"""Embeds an XMP packet in a WebP and reads packets: keeps the chunks that decode pixels (RFC 9649, section 2).

A file without the extended header (2.7) gets one, because readers look for metadata only behind it.
"""

import struct
from collections.abc import Iterator

from ..icc_profile import is_icc_profile
from ..metadata import build_orientation_exif

_PIXEL_CHUNKS = (b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")
_ICC_FLAG, _ALPHA_FLAG, _EXIF_FLAG, _XMP_FLAG, _ANIMATION_FLAG = 0x20, 0x10, 0x08, 0x04, 0x02  # flags of VP8X
_MAX_CHUNKS = 65536


def embed_packet(data: bytes, packet: bytes, orientation: int, size: tuple[int, int]) -> bytes:
    """Return the WebP `data` with `packet` as its only metadata. size: (width, height) as stored. Raises ValueError."""
    chunks = list(_iterate_chunks(data))
    pixels = [(kind, body) for kind, body in chunks if kind in _PIXEL_CHUNKS]
    if not pixels:
        raise ValueError("no pixels")
    profile = next((body for kind, body in chunks if kind == b"ICCP" and is_icc_profile(body)), b"")
    exif = build_orientation_exif(orientation)
    flags = next((body[0] for kind, body in chunks if kind == b"VP8X" and body), _read_alpha_flag(pixels[0]))
    flags = (
        flags & (_ALPHA_FLAG | _ANIMATION_FLAG)
        | _XMP_FLAG
        | (_ICC_FLAG if profile else 0)
        | (_EXIF_FLAG if exif else 0)
    )
    canvas = b"".join(struct.pack("<I", side - 1)[:3] for side in size)
    out = [(b"VP8X", bytes([flags, 0, 0, 0]) + canvas)]
    out += [(b"ICCP", profile)] if profile else []
    out += pixels
    out += [(b"EXIF", exif)] if exif else []
    out += [(b"XMP ", packet)]
    body = b"".join(kind + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for kind, part in out)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def read_packets(data: bytes) -> Iterator[bytes]:
    """Read every XMP packet up to the first unreadable chunk."""
    return (body for kind, body in _iterate_chunks(data) if kind == b"XMP ")


def _iterate_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield (FourCC, body) up to the declared end or the truncation."""
    offset, end = 12, min(len(data), int.from_bytes(data[4:8], "little") + 8)
    for _ in range(_MAX_CHUNKS):
        length = int.from_bytes(data[offset + 4 : offset + 8], "little")
        if offset + 8 + length > end:
            return
        yield data[offset : offset + 4], data[offset + 8 : offset + 8 + length]
        offset += 8 + length + length % 2


def _read_alpha_flag(first: tuple[bytes, bytes]) -> int:
    """The alpha flag for a file without VP8X; a lossless stream declares its alpha itself (RFC 9649, 3.4)."""
    kind, body = first
    return _ALPHA_FLAG if kind == b"VP8L" and len(body) > 4 and body[4] & 0x10 else 0
