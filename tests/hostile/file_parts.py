"""Builders for the parts of picture files, so that tests can write valid and invalid files by hand."""

import io
import struct
import zlib

import cv2
import numpy as np
import pillow_heif
from PIL import Image, ImageCms
from skimage.data import astronaut

KINDS = ("JPEG", "PNG", "WEBP", "BMP", "HEIF")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
pillow_heif.register_heif_opener()


def portrait(width: int = 160, height: int = 120) -> Image.Image:
    """The astronaut's photo at this size."""
    return Image.fromarray(np.asarray(cv2.resize(astronaut(), (width, height), interpolation=cv2.INTER_AREA), np.uint8))


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    """`image` as a file of `kind`."""
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def srgb() -> bytes:
    """An sRGB profile without its creation time."""
    raw = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return raw[:24] + bytes(12) + raw[36:]


# ── JPEG ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def segment(marker: int, body: bytes) -> bytes:
    """A JPEG segment: its marker's second byte, its length, its body."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """`jpeg` with these segments right after its start."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def with_frame_size(jpeg: bytes, width: int, height: int) -> bytes:
    """`jpeg` with another size in its frame header, whatever its scan contains."""
    offset = max(jpeg.find(b"\xff\xc0\0\x11"), jpeg.find(b"\xff\xc2\0\x11"))
    return jpeg[: offset + 5] + struct.pack(">HH", height, width) + jpeg[offset + 9 :]


def tiff(tags: list[tuple[int, int, int, int]], tail: bytes = b"") -> bytes:
    """An EXIF block: one directory of (tag, type, count, value or offset), then `tail` at offset 14 + 12 × tags."""
    rows = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + rows + bytes(4) + tail


# ── PNG ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def chunk(name: bytes, body: bytes) -> bytes:
    """A PNG chunk with a valid checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(width: int, height: int, pixels: bytes, *, depth: int = 8, colour: int = 2, before: bytes = b"") -> bytes:
    """A PNG of these compressed pixels, with the chunks `before` them."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + before + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def with_chunks(data: bytes, *chunks: bytes) -> bytes:
    """A PNG with these chunks right after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


# ── WEBP ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def riff_chunk(name: bytes, body: bytes) -> bytes:
    """A chunk of a WEBP, padded to an even length."""
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1)


def webp(*chunks: bytes) -> bytes:
    """A WEBP of these chunks."""
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def canvas(width: int, height: int, flags: int = 0) -> bytes:
    """The VP8X chunk: flags (2 animated, 4 XMP, 8 EXIF, 16 alpha, 32 profile) and the canvas."""
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return riff_chunk(b"VP8X", bytes([flags, 0, 0, 0]) + sides)


# ── BMP and HEIC ────────────────────────────────────────────────────────────────────────────────────────────────────
def bmp(width: int, height: int, pixels: bytes, *, bits: int = 24, compression: int = 0) -> bytes:
    """A BMP of these stored pixels, with a palette of 256 colours below 16 bits."""
    palette = b"".join(bytes([level, level, 255 - level, 0]) for level in range(256)) if bits <= 8 else b""
    start = 54 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + info + palette + pixels


def box(name: bytes, body: bytes = b"") -> bytes:
    """A box of a HEIC."""
    return struct.pack(">I4s", len(body) + 8, name) + body
