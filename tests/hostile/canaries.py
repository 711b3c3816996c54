"""Photos with a unique mark in every metadata field that their format has."""

import struct
from typing import NamedTuple

import numpy as np
from PIL import Image, PngImagePlugin

from hostile.file_parts import (
    KINDS,
    box,
    canvas,
    chunk,
    portrait,
    riff_chunk,
    saved,
    segment,
    srgb,
    webp,
    with_chunks,
    with_segments,
)

_SIDES = 160, 120
_ASCII, _LONG, _BYTES = 2, 4, 7  # EXIF's types


class PlantedFile(NamedTuple):
    """A file, and its marks by metadata field."""

    data: bytes
    marks: dict[str, bytes]


def plant_canaries(kind: str, photo: Image.Image | None = None) -> PlantedFile:
    """`photo`, by default the astronaut, as a file of `kind` with a mark in every metadata field."""
    marks = {place: f"CANARY-{kind}-{place}".encode() for place in _PLACES[kind]}
    data = _MAKERS[kind](photo or portrait(*_SIDES), marks)
    trailing = marks["trailing data"]
    return PlantedFile(data + (box(b"free", trailing) if kind == "HEIF" else trailing), marks)


def encode_mark(mark: bytes) -> tuple[bytes, bytes]:
    """The encodings in which a mark may occur: ASCII, and UTF-16 as in colour profiles."""
    return mark, mark.decode().encode("utf-16-be")


_EXIF = ("description", "maker note", "user comment", "position", "thumbnail")
_PLACES = {
    "JPEG": (*_EXIF, "xmp", "iptc", "profile", "comment", "private segment", "trailing data"),
    "PNG": (*_EXIF, "xmp", "profile", "text", "packed text", "international text", "trailing data"),
    "WEBP": (*_EXIF, "xmp", "profile", "trailing data"),
    "BMP": ("profile", "trailing data"),
    "HEIF": (*_EXIF, "xmp", "profile", "trailing data"),
}


def _directory(start: int, rows: list[tuple[int, int, bytes | int]], following: int = 0) -> bytes:
    """A TIFF directory for the offset `start`, followed by its long values."""
    head, tail = struct.pack("<H", len(rows)), b""
    for tag, kind, value in rows:
        if isinstance(value, int):
            head += struct.pack("<HHII", tag, kind, 1, value)
        else:
            head += struct.pack("<HHII", tag, kind, len(value), start + 6 + 12 * len(rows) + len(tail))
            tail += value
    return head + struct.pack("<I", following) + tail


def _exif(marks: dict[str, bytes]) -> bytes:
    thumbnail = with_segments(saved(portrait(16, 16), "JPEG"), segment(0xFE, marks["thumbnail"]))
    block = bytes(8)
    offsets = {}
    for name, rows in {
        "position": [(0x001C, _BYTES, marks["position"])],
        "camera": [
            (0x927C, _BYTES, marks["maker note"]), (0x9286, _BYTES, b"ASCII\0\0\0" + marks["user comment"]),
        ],
        "second": [(0x0103, _LONG, 6), (0x0201, _LONG, 8), (0x0202, _LONG, len(thumbnail))],
    }.items():  # fmt: skip
        offsets[name] = len(block)
        block += _directory(len(block), rows)
    thumbnail_offset = len(block)
    block += thumbnail
    offset = block.index(struct.pack("<HHII", 0x0201, _LONG, 1, 8)) + 8
    block = block[:offset] + struct.pack("<I", thumbnail_offset) + block[offset + 4 :]
    first = [
        (0x010E, _ASCII, marks["description"]),
        (0x8769, _LONG, offsets["camera"]),
        (0x8825, _LONG, offsets["position"]),
    ]
    start = len(block)
    return struct.pack("<2sHI", b"II", 42, start) + block[8:] + _directory(start, first, offsets["second"])


def _profile(marks: dict[str, bytes]) -> bytes:
    """sRGB with the mark, cut to the same length, as its name."""
    raw = srgb()
    name = "sRGB built-in"
    marks["profile"] = marks["profile"].replace(b"CANARY", b"C")[: len(name)].ljust(len(name), b"-")
    return raw.replace(name.encode("utf-16-be"), marks["profile"].decode().encode("utf-16-be"))


def _xmp(marks: dict[str, bytes]) -> bytes:
    return b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="%s"/>
</rdf:RDF></x:xmpmeta>""" % marks["xmp"]


def _jpeg(photo: Image.Image, marks: dict[str, bytes]) -> bytes:
    caption = struct.pack(">BBBH", 0x1C, 2, 120, len(marks["iptc"])) + marks["iptc"]
    resource = b"8BIM\4\4\0\0" + struct.pack(">I", len(caption)) + caption
    return with_segments(
        saved(photo, "JPEG", icc_profile=_profile(marks), comment=marks["comment"]),
        segment(0xE1, b"Exif\0\0" + _exif(marks)),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _xmp(marks)),
        segment(0xED, b"Photoshop 3.0\0" + resource),
        segment(0xE7, marks["private segment"]),
    )


def _png(photo: Image.Image, marks: dict[str, bytes]) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", marks["text"].decode())
    text.add_text("Title", marks["packed text"].decode(), zip=True)
    text.add_itxt("Comment", marks["international text"].decode())
    text.add_itxt("XML:com.adobe.xmp", _xmp(marks).decode())
    data = saved(photo, "PNG", pnginfo=text, icc_profile=_profile(marks))
    return with_chunks(data, chunk(b"eXIf", _exif(marks)))


def _webp(photo: Image.Image, marks: dict[str, bytes]) -> bytes:
    return webp(
        canvas(*photo.size, 32 | 8 | 4), riff_chunk(b"ICCP", _profile(marks)), saved(photo, "WEBP")[12:],
        riff_chunk(b"EXIF", _exif(marks)), riff_chunk(b"XMP ", _xmp(marks)),
    )  # fmt: skip


def _bmp(photo: Image.Image, marks: dict[str, bytes]) -> bytes:
    """A BMP with a header of version 5, which has a profile behind the pixels."""
    width, height = photo.size
    pixels, profile = np.asarray(photo)[::-1, :, ::-1].tobytes(), _profile(marks)
    info = struct.pack("<IiiHHIIiiII", 124, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    info += bytes(16) + b"DEBM" + bytes(48) + struct.pack("<IIII", 4, 124 + len(pixels), len(profile), 0)
    return b"BM" + struct.pack("<IHHI", 138 + len(pixels) + len(profile), 0, 0, 138) + info + pixels + profile


def _heic(photo: Image.Image, marks: dict[str, bytes]) -> bytes:
    options = {"exif": _exif(marks), "xmp": _xmp(marks), "icc_profile": _profile(marks)}
    return saved(photo, "HEIF", **options)


_MAKERS = dict(zip(KINDS, (_jpeg, _png, _webp, _bmp, _heic), strict=True))
