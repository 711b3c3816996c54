"""Bombs: small files that demand much memory, much time or both."""

import struct
import zlib
from collections.abc import Callable

from PIL import Image

from hostile.file_parts import (
    bmp,
    box,
    canvas,
    chunk,
    png,
    portrait,
    riff_chunk,
    saved,
    segment,
    webp,
    with_chunks,
    with_frame_size,
    with_segments,
)

SIDE = 7000  # px; 49 megapixels, just within the limit of safe_open, so the header alone is no reason to reject


def flat_png() -> bytes:
    """88 megapixels of one colour in about 11 KB."""
    return png(11000, 8000, zlib.compress(bytes(8000 * (1 + 11000 // 8)), 9), depth=1, colour=0)


def hollow_png() -> bytes:
    """A header that declares 49 megapixels, no pixels, and a text chunk that gives the file a plausible size."""
    return png(SIDE, SIDE, zlib.compress(b""), before=chunk(b"tEXt", b"k\0" + bytes(200_000)))


def text_png() -> bytes:
    """Sixty text chunks that inflate to a megabyte each."""
    text = chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(1_000_000), 9))
    return with_chunks(saved(portrait(), "PNG"), text * 60)


def profile_png() -> bytes:
    """A colour profile that inflates to 256 MB."""
    press = zlib.compressobj(9)
    packed = b"".join(press.compress(bytes(1 << 20)) for _ in range(256)) + press.flush()
    return with_chunks(saved(portrait(), "PNG"), chunk(b"iCCP", b"k\0\0" + packed))


def truncated_png() -> bytes:
    """Sixty thousand empty text chunks, then truncated pixels."""
    return png(64, 64, b"\x78\x9c", before=chunk(b"tEXt", b"k\0") * 60_000)


def hollow_jpeg() -> bytes:
    """A frame header of 49 megapixels over the scan of 16 × 16, and comments that give the file a plausible size."""
    return with_segments(with_frame_size(saved(portrait(16, 16), "JPEG"), SIDE, SIDE), segment(0xFE, bytes(60_000)) * 2)


def scans_jpeg() -> bytes:
    """A progressive JPEG whose last scan, a few bytes for all pixels, is repeated ten thousand times."""
    data = saved(Image.new("L", (6000, 6000), 90), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:-2] + data[last:-2] * 10_000 + data[-2:]


def tables_jpeg() -> bytes:
    """Two hundred thousand quantisation tables."""
    return with_segments(saved(portrait(), "JPEG"), segment(0xDB, (b"\0" + b"\1" * 64) * 1000) * 200)


def hollow_bmp() -> bytes:
    """A header that declares 49 megapixels, and one row."""
    return bmp(SIDE, SIDE, bytes(3 * SIDE))


def run_length_bmp() -> bytes:
    """24 megapixels of run-length encoding with one pixel a run, truncated."""
    return bmp(6000, 4000, b"\1\7" * 6_000_000, bits=8, compression=1)


def skipping_bmp() -> bytes:
    """Run-length encoding that skips whole blocks of rows."""
    return bmp(SIDE, SIDE, b"\0\2\0\xff" * 27, bits=8, compression=1)


def flat_webp() -> bytes:
    """A lossless WEBP of 16383 × 16383."""
    data = bytearray(saved(portrait(), "WEBP", lossless=True))
    data[21:25] = struct.pack("<I", 16382 | 16382 << 14)
    return bytes(data)


def larger_webp() -> bytes:
    """A picture far larger than its canvas."""
    return webp(canvas(64, 64), riff_chunk(b"VP8L", flat_webp()[20:]))


def animated_webp() -> bytes:
    """An animation on 49 megapixels with a broken first frame."""
    frame = bytes(6) + (159).to_bytes(3, "little") + (119).to_bytes(3, "little") + bytes(4)
    frame += riff_chunk(b"VP8L", saved(portrait(), "WEBP", lossless=True)[20:400])
    return webp(canvas(SIDE, SIDE, 2), riff_chunk(b"ANIM", bytes(6)), riff_chunk(b"ANMF", frame) * 2)


def broken_webp() -> bytes:
    """The same with as many pixels as an animation may have."""
    return animated_webp().replace(canvas(SIDE, SIDE, 2), canvas(3460, 3460, 2))


def garbled_webp() -> bytes:
    """A lossless WEBP of 49 megapixels with random pixel data."""
    data = bytearray(saved(portrait(), "WEBP", lossless=True))
    data[21:25] = struct.pack("<I", (SIDE - 1) | (SIDE - 1) << 14)
    data[30:60] = bytes(range(30))
    return bytes(data)


def flat_heic() -> bytes:
    """A HEIC that declares 20000 × 20000."""
    data = saved(portrait(), "HEIF")
    return data.replace(struct.pack(">II", 160, 120), struct.pack(">II", 20000, 20000))


def smaller_heic() -> bytes:
    """A HEIC of 3 megapixels that declares 64 × 64."""
    data = saved(Image.new("RGB", (2000, 1500), (90, 90, 90)), "HEIF", quality=10)
    return data.replace(struct.pack(">II", 2000, 1500), struct.pack(">II", 64, 64))


def nested_heic() -> bytes:
    """Boxes nested five thousand deep."""
    data = saved(portrait(), "HEIF")
    inner = b""
    for _ in range(5000):
        inner = box(b"dinf", inner)
    return data[: data.index(b"meta") - 4] + box(b"meta", bytes(4) + inner) + data[data.index(b"mdat") - 4 :]


REJECTED_BOMBS: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker
    for maker in (
        flat_png, hollow_png, text_png, profile_png, truncated_png, hollow_jpeg, scans_jpeg, tables_jpeg, hollow_bmp,
        run_length_bmp, skipping_bmp, flat_webp, larger_webp, animated_webp, broken_webp, garbled_webp, flat_heic,
        smaller_heic, nested_heic,
    )
}  # fmt: skip
