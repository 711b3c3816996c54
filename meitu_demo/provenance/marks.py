"""A mark put into a file, and looked for in any file."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice

from ..errors import ImageRejected
from ..imaging import codec
from . import jpeg, png, webp, xmp
from .record import Mark, Provenance, one_line

_MOST_PACKETS = 8
_READERS = {"image/jpeg": jpeg.packets, "image/png": png.packets, "image/webp": webp.packets}
_PACKET = b"<x:xmpmeta", b"</x:xmpmeta>"


class Verdict(Enum):
    """Whose mark a file carries."""

    OURS = "ours"
    ANOTHERS = "anothers"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a file says. `provenance` when it is ours; `mark` has the facts of anybody's, ours too."""

    verdict: Verdict
    provenance: Provenance | None = None
    mark: Mark = field(default_factory=Mark)


def embed(picture: bytes, provenance: Provenance) -> bytes:
    """The JPEG, PNG or WebP `picture` with `provenance` as its only metadata, pixel for pixel the same.

    Its colour profile and its orientation stay, since it looks as it does by them; what trails its end goes. Raises
    ImageRejected for what is no whole picture of these kinds.
    """
    stored, orientation = codec.stored_as(picture)
    packet = xmp.packet(provenance)
    try:
        match codec.sniff(picture):
            case "image/jpeg":
                return jpeg.with_packet(picture, packet, orientation)
            case "image/png":
                return png.with_packet(picture, packet, orientation)
            case "image/webp":
                return webp.with_packet(picture, packet, orientation, stored)
            case other:
                raise ImageRejected("image_wrong_kind", found=str(other).rpartition("/")[2].upper())
    except ValueError as error:
        raise ImageRejected("image_unreadable") from error


def verify(picture: bytes) -> Finding:
    """What the file says about how it was made; also of one that breaks off. Raises ImageRejected when it is none."""
    found = Mark()
    for packet in _packets(picture):
        ours, mark = xmp.parse(packet)
        if ours is not None:
            return Finding(Verdict.OURS, ours, mark)
        found = _filled(found, mark)
    if codec.sniff(picture) == "image/png":
        found = _filled(found, _png_texts(picture))
    known = found.source_type or found.aigc
    return Finding(Verdict.ANOTHERS, mark=found) if known else Finding(Verdict.NONE, mark=found)


def read(picture: bytes) -> Provenance | None:
    """Our own mark in `picture`, None when it carries none. Raises ImageRejected when it is no picture."""
    return verify(picture).provenance


def _packets(picture: bytes) -> Iterator[bytes]:
    if not picture:
        raise ImageRejected("image_empty")
    if len(picture) > codec.MAX_BYTES:
        raise ImageRejected("image_too_large_file", bytes=len(picture), limit=codec.MAX_BYTES)
    media_type = codec.sniff(picture)
    if media_type is None:
        raise ImageRejected("image_wrong_kind")
    return islice(_READERS.get(media_type, _scanned)(picture), _MOST_PACKETS)


def _scanned(picture: bytes) -> Iterator[bytes]:
    """Packets of a file whose boxes we do not walk: XMP is written so that it can be found by scanning."""
    start = picture.find(_PACKET[0])
    end = picture.find(_PACKET[1], start)
    if 0 <= start < end:
        yield picture[start : end + len(_PACKET[1])]


def _png_texts(picture: bytes) -> Mark:
    """What generators write into plain text chunks: AIGC's JSON, and their own name."""
    texts = {keyword: text for keyword, text in png.texts(picture) if keyword in (b"AIGC", b"Software", b"Author")}
    text = {keyword: one_line(value[:4096].decode("utf-8", "replace")) for keyword, value in texts.items()}
    aigc = xmp.aigc_fields(texts.get(b"AIGC", b"").decode("utf-8", "replace"))
    return Mark(aigc=aigc, software=text.get(b"Software", ""), creator=text.get(b"Author", ""))


def _filled(found: Mark, more: Mark) -> Mark:
    """`found`, with what it lacks from `more`."""
    return replace(
        found,
        source_type=found.source_type or more.source_type,
        aigc=found.aigc or more.aigc,
        software=found.software or more.software,
        creator=found.creator or more.creator,
    )
