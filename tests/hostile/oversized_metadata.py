"""Small pictures in files whose metadata demands much memory and is not needed for the pixels."""

import struct
from collections.abc import Callable

from hostile.file_parts import (
    box,
    canvas,
    chunk,
    portrait,
    riff_chunk,
    saved,
    segment,
    srgb,
    tiff,
    webp,
    with_chunks,
    with_segments,
)


def repeated_exif(size: int) -> bytes:
    """An EXIF block whose directory lists one long value many times; fully read it takes size² / 120 bytes."""
    tags = size // 24
    return tiff([(1000 + tag, 3, size // 5, 14 + 12 * tags) for tag in range(tags)], bytes(size // 2))


def exif_jpeg() -> bytes:
    """EXIF in many segments, which together list many times their size."""
    block = repeated_exif(600_000)
    pieces = [block[at : at + 65_000] for at in range(0, len(block), 65_000)]
    return with_segments(saved(portrait(), "JPEG"), *(segment(0xE1, b"Exif\0\0" + piece) for piece in pieces))


def index_jpeg() -> bytes:
    """The same block in the index of a multi-picture JPEG."""
    return with_segments(saved(portrait(), "JPEG"), segment(0xE2, b"MPF\0" + repeated_exif(65_000)))


def exif_png() -> bytes:
    """The same block in a PNG."""
    return with_chunks(saved(portrait(), "PNG"), chunk(b"eXIf", repeated_exif(600_000)))


def exif_webp() -> bytes:
    """The same block in a WEBP."""
    still = saved(portrait(), "WEBP")[12:]
    return webp(canvas(160, 120, 8), still, riff_chunk(b"EXIF", repeated_exif(600_000)))


def exif_heic() -> bytes:
    """EXIF that lists many times its size, in a HEIC."""
    return saved(portrait(), "HEIF", exif=repeated_exif(600_000))


def boxes_heic() -> bytes:
    """A hundred thousand empty boxes."""
    return saved(portrait(), "HEIF") + box(b"free") * 100_000


def profile(name: bytes, value: bytes) -> bytes:
    """An sRGB profile under another name, so that it is applied, with `value` in the tag `name`."""
    raw = srgb().replace(b"s\0R\0G\0B", b"o\0R\0G\0B")
    at = raw.index(name, 128)
    raw = raw[: at + 4] + struct.pack(">II", len(raw), len(value)) + raw[at + 12 :] + value
    return struct.pack(">I", len(raw)) + raw[4:]


def named_profile() -> bytes:
    """A profile with its name in 40 million languages."""
    return saved(portrait(), "JPEG", icc_profile=profile(b"desc", b"mluc" + struct.pack(">III", 0, 40_000_000, 12)))


def curved_profile() -> bytes:
    """A profile with a curve of 200 million points."""
    return saved(portrait(), "PNG", icc_profile=profile(b"rTRC", b"curv" + struct.pack(">II", 0, 200_000_000)))


def gridded_profile() -> bytes:
    """A profile with a table of 255 × 255 × 255 colours of which only the first bytes exist."""
    table = b"mft2" + bytes(4) + bytes([3, 3, 255, 0]) + bytes(36) + struct.pack(">HH", 2, 2) + bytes(1000)
    return saved(portrait(), "WEBP", icc_profile=profile(b"chrm", table).replace(b"chrm", b"A2B0", 1))


OVERSIZED_METADATA: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker
    for maker in (
        exif_jpeg,
        index_jpeg,
        exif_png,
        exif_webp,
        exif_heic,
        boxes_heic,
        named_profile,
        curved_profile,
        gridded_profile,
    )
}
