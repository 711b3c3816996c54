"""Small whole pictures in monstrous files: what surrounds them asks for much, and is not needed for their pixels."""

from collections.abc import Callable

from .parts import box, canvas, chunk, portrait, riff_chunk, saved, segment, tiff, webp, with_chunks, with_segments


def listed_exif(size: int) -> bytes:
    """An EXIF block whose directory lists one long value again and again; read in full it is size² / 120 bytes."""
    tags = size // 24
    return tiff([(1000 + tag, 3, size // 5, 14 + 12 * tags) for tag in range(tags)], bytes(size // 2))


def exif_jpeg() -> bytes:
    """EXIF in many segments, which together list many times their size."""
    block = listed_exif(600_000)
    pieces = [block[at : at + 65_000] for at in range(0, len(block), 65_000)]
    return with_segments(saved(portrait(), "JPEG"), *(segment(0xE1, b"Exif\0\0" + piece) for piece in pieces))


def index_jpeg() -> bytes:
    """The same in the index of a multi-picture JPEG."""
    return with_segments(saved(portrait(), "JPEG"), segment(0xE2, b"MPF\0" + listed_exif(65_000)))


def exif_png() -> bytes:
    """The same in a PNG."""
    return with_chunks(saved(portrait(), "PNG"), chunk(b"eXIf", listed_exif(600_000)))


def exif_webp() -> bytes:
    """The same in a WEBP."""
    still = saved(portrait(), "WEBP")[12:]
    return webp(canvas(160, 120, 8), still, riff_chunk(b"EXIF", listed_exif(600_000)))


def exif_heic() -> bytes:
    """EXIF that lists many times its size, in a HEIC."""
    return saved(portrait(), "HEIF", exif=listed_exif(600_000))


def boxes_heic() -> bytes:
    """A hundred thousand empty boxes."""
    return saved(portrait(), "HEIF") + box(b"free") * 100_000


LUGGAGE: dict[str, Callable[[], bytes]] = {
    maker.__name__: maker for maker in (exif_jpeg, index_jpeg, exif_png, exif_webp, exif_heic, boxes_heic)
}
