"""Embeds an XMP packet in a JPEG and reads packets: keeps the segments that decode pixels (ITU-T T.81, annex B).

XMP has a separate APP1 (XMP part 3, 1.1.3); ICC profiles are in numbered APP2 (ICC.1, annex B.4). A progressive file
may have segments between its scans.
"""

import re
import struct
from collections.abc import Iterator

from ..icc_profile import is_icc_profile
from ..metadata import build_orientation_exif

_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"
_EXIF = b"Exif\0\0"
_MAX_SEGMENT_BYTES = 65533
_SOI, _EOI, _SOS, _APP1, _APP2 = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2
# Frames, scans and tables (T.81, table B.1). All other markers are application data, comments or reserved.
_DECODER_MARKERS = frozenset({*range(0xC0, 0xD0), *range(0xDA, 0xE0)}) - {0xC8}
_MARKER = re.compile(rb"\xff([^\0\xff\xd0-\xd7])")  # stuffed bytes and restarts belong to the scan
_MAX_SEGMENTS = 100_000


def embed_packet(data: bytes, packet: bytes, orientation: int) -> bytes:
    """Return the JPEG `data` with `packet` as its only metadata. Raises ValueError for a truncated file."""
    segments, profiles, jfif = [], [], b""
    has_end = False
    for marker, body, scan in _iterate_segments(data):
        if marker == _EOI:
            has_end = True
        elif marker == 0xE0 and body[:5] == b"JFIF\0" and len(body) >= 14:
            jfif = _build_segment(marker, body[:12] + b"\0\0")  # without its thumbnail
        elif marker == 0xEE and body[:5] == b"Adobe":
            segments.append(_build_segment(marker, body[:12]))  # defines the colour space of the components
        elif marker == _APP2 and body.startswith(_ICC):
            profiles.append(body)
        elif marker in _DECODER_MARKERS:
            segments.append(_build_segment(marker, body) + scan)
    if not has_end:
        raise ValueError("no end of image")
    exif = build_orientation_exif(orientation)
    before = [jfif, _build_segment(_APP1, _EXIF + exif) if exif else b"", _build_segment(_APP1, _XMP + packet)]
    profile = _join_profile(profiles)
    colours = [_build_segment(_APP2, body) for body in sorted(profiles)] if is_icc_profile(profile) else []
    return b"".join([b"\xff\xd8", *before, *colours, *segments, b"\xff\xd9"])


def read_packets(data: bytes) -> Iterator[bytes]:
    """Read every XMP packet up to the first unreadable segment."""
    return (
        body[len(_XMP) :] for marker, body, _ in _iterate_segments(data) if marker == _APP1 and body.startswith(_XMP)
    )


def _iterate_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (marker, body, scan data after it) up to the first end of image or the truncation."""
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        found = _MARKER.search(data, offset)
        if found is None:
            return
        marker, offset = found[1][0], found.end()
        if marker == _EOI:
            yield marker, b"", b""
            return
        if marker in (0x01, _SOI):  # no body: T.81, table B.1
            continue
        length = int.from_bytes(data[offset : offset + 2], "big")
        if length < 2 or offset + length > len(data):
            return
        body, offset = data[offset + 2 : offset + length], offset + length
        scan = b""
        if marker == _SOS:
            following = _MARKER.search(data, offset)
            end = following.start() if following else len(data)
            scan, offset = data[offset:end].rstrip(b"\xff"), end  # without the fill bytes before a marker
        yield marker, body, scan


def _join_profile(profiles: list[bytes]) -> bytes:
    """Join the ICC profile from APP2 bodies, each with its number and the count after the name."""
    numbers = [(body[len(_ICC)], body[len(_ICC) + 1]) for body in sorted(profiles) if len(body) > len(_ICC) + 1]
    if numbers != [(index + 1, len(profiles)) for index in range(len(profiles))]:
        return b""
    return b"".join(body[len(_ICC) + 2 :] for body in sorted(profiles))


def _build_segment(marker: int, body: bytes) -> bytes:
    if len(body) > _MAX_SEGMENT_BYTES:
        raise ValueError("too long for a segment")
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
