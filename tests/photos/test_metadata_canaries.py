"""No metadata of a photo leaves with its pixels."""

import io
import zlib
from collections.abc import Callable

import pytest
from hostile.canaries import encode_mark, plant_canaries
from hostile.file_parts import KINDS
from PIL import ExifTags, Image

from meitu_demo.domain.model import ImageLimits
from meitu_demo.photos import codec

LIMITS = ImageLimits(min_side_px=48, max_side_px=4096, max_bytes=2_000_000)
PACKED = {("PNG", "profile"), ("PNG", "packed text")}  # deflated, so that a search of the bytes does not see them


def contains_mark(data: bytes, mark: bytes) -> bool:
    """Whether `data` contains `mark` in any of its encodings."""
    return any(spelling in data for spelling in encode_mark(mark))


@pytest.mark.fuzz
def test_prepare_removes_every_metadata_canary(figure: Callable[[str], None]) -> None:
    """EXIF with position, maker note and thumbnail, XMP, IPTC, profile names, comments and text are removed."""
    found, count = [], 0
    for kind in KINDS:
        data, marks = plant_canaries(kind)
        prepared = codec.prepare(data, LIMITS)
        reencoded = codec.encode(codec.decode(data))
        for place, mark in marks.items():
            count += 1
            assert contains_mark(data, mark) or (kind, place) in PACKED, (kind, place)
            found += [(kind, place) for sent in (prepared.photo.data, reencoded) if contains_mark(sent, mark)]
        if kind != "BMP":
            facts_by_slug = {change.slug: dict(change.facts) for change in prepared.changes}
            assert facts_by_slug["metadata_dropped"] == {"gps": True}, kind
    figure(f"{count} canaries planted in {len(KINDS)} kinds of file, {len(found)} found")
    assert found == []
    assert count >= 30


def test_metadata_canaries_are_visible_to_other_programs() -> None:
    """A library finds the marks where cameras put them, so that the test above can fail."""
    for kind in ("JPEG", "PNG", "WEBP"):
        data, marks = plant_canaries(kind)
        image = Image.open(io.BytesIO(data))
        exif = image.getexif()
        assert exif[0x010E].encode() == marks["description"]
        assert exif.get_ifd(0x8769)[0x927C] == marks["maker note"]
        assert exif.get_ifd(0x8825)[0x001C] == marks["position"]
        second = exif.get_ifd(ExifTags.IFD.IFD1)
        block = image.info["exif"].removeprefix(b"Exif\0\0")
        assert marks["thumbnail"] in block[second[0x0201] :][: second[0x0202]]
        assert marks["profile"].decode().encode("utf-16-be") in image.info["icc_profile"]
    packed = plant_canaries("PNG")
    start = packed.data.index(b"zTXtTitle\0\0") + 11
    assert zlib.decompressobj().decompress(packed.data[start:]) == packed.marks["packed text"]
