"""Orientation and position are read by us, wherever in the file they are."""

import struct

import pytest
from hostile.file_parts import (
    canvas,
    chunk,
    portrait,
    riff_chunk,
    saved,
    segment,
    tiff,
    webp,
    with_chunks,
    with_segments,
)

from meitu_demo.photos.safe_open import open_photo

SHORT, LONG = 3, 4  # EXIF's types
ORIENTATION, POSITION = 0x0112, 0x8825
XMP = b'<x:xmpmeta tiff:Orientation="6" exif:GPSLatitude="52"/>'


def exif(orientation: int, *, kind: int = SHORT, position: bool = False) -> bytes:
    tags = [(ORIENTATION, kind, 1, orientation)]
    return tiff(tags + [(POSITION, LONG, 1, 38)] * position)


def photo_with(kind: str, block: bytes = b"", xmp: bytes = b"") -> bytes:
    """A photo with this EXIF and XMP."""
    data = saved(portrait(), kind)
    if kind == "JPEG":
        name = b"http://ns.adobe.com/xap/1.0/\0"
        return with_segments(data, *[segment(0xE1, b"Exif\0\0" + block)] * bool(block), segment(0xE1, name + xmp))
    if kind == "PNG":
        return with_chunks(
            data, *[chunk(b"eXIf", block)] * bool(block), chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + xmp)
        )
    return webp(canvas(160, 120, 12), data[12:], riff_chunk(b"EXIF", block), riff_chunk(b"XMP ", xmp))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_metadata_takes_the_orientation_from_exif_alone(kind: str) -> None:
    """XMP's orientation does not count, as in browsers; a position is found in either."""
    for block, xmp, orientation, gps in (
        (b"", b"", 1, False),
        (exif(8), b"", 8, False),
        (exif(3, kind=LONG), b"", 3, False),
        (exif(3, position=True), b"", 3, True),
        (b"", XMP, 1, True),
        (exif(8), XMP, 8, True),
        (exif(0), XMP, 1, True),
    ):
        opened = open_photo(photo_with(kind, block, xmp))
        assert (opened.orientation, opened.has_gps) == (orientation, gps), (block, xmp)


@pytest.mark.parametrize(
    "block",
    [b"", b"II", b"II*\0", b"XX*\0\x08\0\0\0\1\0", exif(6)[:19], struct.pack("<2sHI", b"II", 42, 2**32 - 1),
     exif(4711), exif(6, kind=5), b"Exif\0\0" * 50_000],
)  # fmt: skip
def test_metadata_treats_broken_exif_as_missing(block: bytes) -> None:
    """A block that is truncated, points outside or is invalid leaves the picture unrotated."""
    opened = open_photo(photo_with("PNG", block))
    assert (opened.orientation, opened.has_gps, opened.width) == (1, False, 160)


def test_metadata_reads_exif_after_the_pixels() -> None:
    """PNG allows its chunk anywhere; it is found without decoding anything."""
    data = saved(portrait(), "PNG")
    assert open_photo(data[:-12] + chunk(b"eXIf", exif(6)) + data[-12:]).orientation == 6


def test_metadata_reads_exif_in_hexadecimal_text() -> None:
    """As ImageMagick wrote it into a PNG's text before there was a chunk for it."""
    digits = exif(6).hex()
    text = b"Raw profile type exif\0\nexif\n      26\n" + digits[:30].encode() + b"\n" + digits[30:].encode()
    opened = open_photo(with_chunks(saved(portrait(), "PNG"), chunk(b"tEXt", text)))
    assert (opened.orientation, opened.has_metadata) == (6, True)


def test_metadata_joins_exif_of_several_jpeg_segments() -> None:
    """EXIF longer than 64 KB is split into segments, and the directory may be in a later one."""
    block = struct.pack("<2sHI", b"II", 42, 70_000) + bytes(69_992) + exif(6)[8:]
    pieces = [segment(0xE1, b"Exif\0\0" + piece) for piece in (block[:65_000], block[65_000:])]
    assert open_photo(with_segments(saved(portrait(), "JPEG"), *pieces)).orientation == 6
