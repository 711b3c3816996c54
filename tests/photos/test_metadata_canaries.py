"""Nothing that a photo tells about whoever is on it leaves with the pixels."""

import io
import zlib
from collections.abc import Callable

import pytest
from hostile.canaries import planted, spellings
from hostile.file_parts import KINDS
from PIL import ExifTags, Image

from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec

LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
PACKED = {("PNG", "profile"), ("PNG", "packed text")}  # deflated, so that a search of the bytes does not see them


def held(data: bytes, mark: bytes) -> bool:
    return any(spelling in data for spelling in spellings(mark))


@pytest.mark.fuzz
def test_prepare_removes_every_metadata_canary(figure: Callable[[str], None]) -> None:
    """EXIF with position, maker note and thumbnail, XMP, IPTC, profile names, comments and text end at the gate."""
    found, count = [], 0
    for kind in KINDS:
        data, marks = planted(kind)
        prepared = codec.prepare(data, LIMITS)
        again = codec.encode(codec.decode(data))
        for place, mark in marks.items():
            count += 1
            assert held(data, mark) or (kind, place) in PACKED, (kind, place)
            found += [(kind, place) for sent in (prepared.photo.data, again) if held(sent, mark)]
        if kind != "BMP":
            told = {change.slug: dict(change.facts) for change in prepared.changes}
            assert told["metadata_dropped"] == {"gps": True}, kind
    figure(f"{count} canaries planted in {len(KINDS)} kinds of file, {len(found)} found")
    assert found == []
    assert count >= 30


def test_metadata_canaries_are_visible_to_other_programs() -> None:
    """Planted by hand, they are still found by a library where cameras put them; else the test above proves little."""
    for kind in ("JPEG", "PNG", "WEBP"):
        data, marks = planted(kind)
        image = Image.open(io.BytesIO(data))
        exif = image.getexif()
        assert exif[0x010E].encode() == marks["description"]
        assert exif.get_ifd(0x8769)[0x927C] == marks["maker note"]
        assert exif.get_ifd(0x8825)[0x001C] == marks["position"]
        second = exif.get_ifd(ExifTags.IFD.IFD1)
        block = image.info["exif"].removeprefix(b"Exif\0\0")
        assert marks["thumbnail"] in block[second[0x0201] :][: second[0x0202]]
        assert marks["profile"].decode().encode("utf-16-be") in image.info["icc_profile"]
    packed = planted("PNG")
    at = packed.data.index(b"zTXtTitle\0\0") + 11
    assert zlib.decompressobj().decompress(packed.data[at:]) == packed.marks["packed text"]
