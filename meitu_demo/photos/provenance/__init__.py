"""Provenance marks: how a result was made, embedded in its file and read from any file.

A mark is a claim that anybody can write or remove, not a signature. Every function is pure and blocks: call it from a
worker thread. ICC profile and EXIF orientation change how a picture looks, and are preserved.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice

from ...domain.errors import ImageRejected
from .. import codec
from . import jpeg, png, webp, xmp
from .record import Mark, Provenance, sanitize_text

_MAX_PACKETS = 8
_PACKET_READERS = {"image/jpeg": jpeg.read_packets, "image/png": png.read_packets, "image/webp": webp.read_packets}
_PACKET_TAGS = b"<x:xmpmeta", b"</x:xmpmeta>"


class MarkOrigin(Enum):
    """Who wrote the mark in a file."""

    THIS_APP = "ours"
    OTHER_TOOL = "anothers"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MarkFinding:
    """The result of a search for marks. provenance: only for this app's mark. mark: the standard facts of any mark."""

    origin: MarkOrigin
    provenance: Provenance | None = None
    mark: Mark = field(default_factory=Mark)


def embed_provenance(picture: bytes, provenance: Provenance) -> bytes:
    """Return the JPEG, PNG or WebP `picture` with `provenance` as its only metadata; the pixels stay identical.

    Colour profile and orientation are preserved, because the picture's look depends on them; trailing bytes are
    removed. Raises ImageRejected for an incomplete file or another format.
    """
    stored_size, orientation = codec.read_stored_size_and_orientation(picture)
    packet = xmp.build_packet(provenance)
    try:
        match codec.sniff(picture):
            case "image/jpeg":
                return jpeg.embed_packet(picture, packet, orientation)
            case "image/png":
                return png.embed_packet(picture, packet, orientation)
            case "image/webp":
                return webp.embed_packet(picture, packet, orientation, stored_size)
            case other:
                raise ImageRejected("image_wrong_kind", found=str(other).rpartition("/")[2].upper())
    except ValueError as error:
        raise ImageRejected("image_unreadable") from error


def verify_provenance(picture: bytes) -> MarkFinding:
    """Find the mark in a file, truncated files included. Raises ImageRejected for anything but a picture."""
    found = Mark()
    for packet in _read_packets(picture):
        provenance, mark = xmp.parse_packet(packet)
        if provenance is not None:
            return MarkFinding(MarkOrigin.THIS_APP, provenance, mark)
        found = _fill_missing(found, mark)
    if codec.sniff(picture) == "image/png":
        found = _fill_missing(found, _read_png_texts(picture))
    has_claim = found.source_type or found.aigc
    return MarkFinding(MarkOrigin.OTHER_TOOL, mark=found) if has_claim else MarkFinding(MarkOrigin.NONE, mark=found)


def read_provenance(picture: bytes) -> Provenance | None:
    """Read this app's mark, None without one. Raises ImageRejected for anything but a picture."""
    return verify_provenance(picture).provenance


def _read_packets(picture: bytes) -> Iterator[bytes]:
    if not picture:
        raise ImageRejected("image_empty")
    if len(picture) > codec.MAX_BYTES:
        raise ImageRejected("image_too_large_file", bytes=len(picture), limit=codec.MAX_BYTES)
    media_type = codec.sniff(picture)
    if media_type is None:
        raise ImageRejected("image_wrong_kind")
    return islice(_PACKET_READERS.get(media_type, _scan_packets)(picture), _MAX_PACKETS)


def _scan_packets(picture: bytes) -> Iterator[bytes]:
    """Scan for packets in formats that are not parsed here; XMP is designed to be found by scanning."""
    start = picture.find(_PACKET_TAGS[0])
    end = picture.find(_PACKET_TAGS[1], start)
    if 0 <= start < end:
        yield picture[start : end + len(_PACKET_TAGS[1])]


def _read_png_texts(picture: bytes) -> Mark:
    """Read the marks in plain text chunks: AIGC's JSON and the generator's name."""
    texts = {keyword: text for keyword, text in png.read_texts(picture) if keyword in (b"AIGC", b"Software", b"Author")}
    text = {keyword: sanitize_text(value[:4096].decode("utf-8", "replace")) for keyword, value in texts.items()}
    aigc = xmp.parse_aigc_fields(texts.get(b"AIGC", b"").decode("utf-8", "replace"))
    return Mark(aigc=aigc, software=text.get(b"Software", ""), creator=text.get(b"Author", ""))


def _fill_missing(found: Mark, more: Mark) -> Mark:
    """Fill the empty fields of `found` from `more`."""
    return replace(
        found,
        source_type=found.source_type or more.source_type,
        aigc=found.aigc or more.aigc,
        software=found.software or more.software,
        creator=found.creator or more.creator,
    )
