"""Parses and checks a JPEG's segments before any library opens the file.

Decoders process whatever a file declares: ten thousand scans of three bytes each over all pixels, two hundred thousand
tables, an EXIF directory that repeats one long value. So the structure is checked against bounds far above any
camera's, and decoders get the file without the segments that its pixels do not need. Every loop is bounded.
"""

import re
import struct
from typing import NamedTuple

MAX_SEGMENTS = 4096  # a phone's file has about twenty
_MAX_TABLE_BYTES = 65_536  # of quantisation, Huffman and other tables; a photo has about 700
_MAX_SCANS = 64  # a progressive photo has about ten
_MAX_PIXELS_PER_BYTE = 640  # the densest coding, one bit for each 8×8 block, makes 512 pixels per byte
_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
_ALL_COEFFICIENTS = (1 << 64) - 1  # one bit for each
_COMMENT, _START_OF_SCAN, _END_OF_IMAGE = 0xFE, 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # a marker within scan data: neither a stuffed byte nor a restart
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff]")  # after fill bytes or stray bytes, if any; each byte is read once
_EXIF, _XMP = b"Exif\0\0", b"http://ns.adobe.com/xap/1.0/\0"
# Application data that defines the colours.
_COLOUR_SEGMENTS = {0xE0: b"JFIF\0", 0xE2: b"ICC_PROFILE\0", 0xEE: b"Adobe"}


class JpegHeader(NamedTuple):
    """size: (width, height). segments: (second marker byte, start, end) of each up to `scan_start`, the first scan."""

    size: tuple[int, int]
    segments: list[tuple[int, int, int]]
    scan_start: int


def read_header(data: bytes) -> JpegHeader:
    """Parse the segments before the first scan; stray bytes between them are skipped, as libjpeg does.

    Raises ValueError or struct.error.
    """
    size = (0, 0)
    segments: list[tuple[int, int, int]] = []
    offset, tables = 2, 0
    for _ in range(MAX_SEGMENTS):
        marker = _NEXT_MARKER.search(data, offset)
        if marker is None:
            raise struct.error("no scan")
        offset, kind = marker.start(), marker[0][1]
        (length,) = struct.unpack_from(">H", data, offset + 2)
        if kind < 0x02 or 0xD0 <= kind <= _END_OF_IMAGE or length < 2:
            raise ValueError("not a JPEG segment")
        if kind in _START_OF_FRAME:
            height, width = struct.unpack_from(">HH", data, offset + 5)
            if size != (0, 0):
                raise ValueError("two frames")
            size = (width, height)
        if kind == _START_OF_SCAN:
            return JpegHeader(size, segments, offset)
        tables += 0 if _is_app_or_comment(kind) else length
        if tables > _MAX_TABLE_BYTES:
            raise ValueError("too many tables")
        segments.append((kind, offset, offset + 2 + length))
        offset += 2 + length
    raise ValueError("too many segments")


def is_complete(data: bytes) -> bool:
    """Whether there is enough scan data for all pixels, up to the end marker or, where that is missing, the file's end.

    Raises struct.error, and ValueError for an invalid header or more than _MAX_SCANS scans.
    """
    (width, height), _, scan = read_header(data)
    min_end = scan - (-width * height // _MAX_PIXELS_PER_BYTE)
    if len(data) < min_end or data.find(b"\xff\xd9", scan, min_end + 1) >= 0:
        return False
    _check_scans(data, scan)
    return True


def has_end_marker(data: bytes) -> bool:
    """Whether an end marker follows the first scan. Searched from the end, where it nearly always is."""
    return data.rfind(b"\xff\xd9", read_header(data).scan_start) >= 0


def has_metadata(data: bytes) -> bool:
    """Whether there are comments or application data that the pixels do not need."""
    return any(_is_strippable(data, kind, start) for kind, start, _ in read_header(data).segments)


def has_all_scans(data: bytes) -> bool:
    """Whether the scans send every coefficient of every component to its last bit. Raises ValueError or struct.error.

    Says nothing about the data within a scan.
    """
    _, segments, offset = read_header(data)
    frame, start = next((kind, start) for kind, start, _ in segments if kind in _START_OF_FRAME)
    sent = {data[start + 10 + 3 * index]: 0 for index in range(data[start + 9])}
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, offset)
        if found is None or found[0][1] == _END_OF_IMAGE:
            break
        offset = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
        if found[0][1] == _START_OF_SCAN and offset <= len(data):
            first, last, bits = data[offset - 3 : offset]
            is_final = frame not in _PROGRESSIVE or bits & 0xF == 0
            coefficients = (1 << last + 1) - (1 << first) if frame in _PROGRESSIVE else _ALL_COEFFICIENTS
            for name in data[found.end() + 3 : offset - 3 : 2]:
                sent[name] = sent.get(name, 0) | (coefficients if is_final else 0)
    return all(coefficients == _ALL_COEFFICIENTS for coefficients in sent.values())


def strip_metadata(data: bytes) -> bytes:
    """Remove what the pixels do not need: comments, application data and stray bytes. Adds a missing end marker."""
    _, segments, scan = read_header(data)
    required = [data[start:end] for kind, start, end in segments if not _is_strippable(data, kind, start)]
    end = b"" if has_end_marker(data) else b"\xff\xd9"
    return b"".join([data[:2], *required, data[scan:], end])


def read_exif_and_xmp(data: bytes) -> tuple[bytes, bytes]:
    """Read (EXIF, XMP), each empty if missing. Blocks that span several segments are joined."""
    found: dict[bytes, list[bytes]] = {_EXIF: [], _XMP: []}
    for kind, start, end in read_header(data).segments:
        for name, parts in found.items():
            if kind == 0xE1 and data.startswith(name, start + 4):
                parts.append(data[start + 4 + len(name) : end])
    return b"".join(found[_EXIF]), b"".join(found[_XMP])


def _is_app_or_comment(kind: int) -> bool:
    return kind == _COMMENT or 0xE0 <= kind <= 0xEF


def _is_strippable(data: bytes, kind: int, start: int) -> bool:
    name = _COLOUR_SEGMENTS.get(kind)
    return _is_app_or_comment(kind) and not (name and data.startswith(name, start + 4))


def _check_scans(data: bytes, offset: int) -> None:
    scans = 0
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, offset)
        if found is None or found[0][1] == _END_OF_IMAGE:
            return
        scans += found[0][1] == _START_OF_SCAN
        if scans > _MAX_SCANS:
            break
        offset = found.end() + int.from_bytes(data[found.end() : found.end() + 2], "big")
    raise ValueError("too many scans")
