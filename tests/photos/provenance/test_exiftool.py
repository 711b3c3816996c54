"""A program that is not ours reads the same from our files."""

import json
from collections.abc import Callable

import pytest

from meitu_demo.photos.provenance import embed_provenance

from .conftest import Read
from .samples import LADEN, MARK, PLAIN

EVERY = {**PLAIN, **{f"laden {kind}": make for kind, make in LADEN.items()}}
pytestmark = pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")


@pytest.mark.parametrize("name", EVERY)
def test_exiftool_reads_our_mark(name: str, exiftool: Read) -> None:
    """ExifTool finds a valid file, IPTC's word, China's block and each of our facts where the standards put them."""
    found = exiftool(embed_provenance(EVERY[name](), MARK))
    assert found["ExifTool:Validate"] == "OK"
    assert found["XMP-iptcExt:DigitalSourceType"] == MARK.source_type
    assert json.loads(found["XMP-TC260:Aigc"]) == MARK.aigc
    assert found["XMP-xmp:CreateDate"] == "2026:03:08 14:25:01Z"
    assert found["XMP-iptcExt:AISystemUsed"] == MARK.made_by
    assert found["XMP-MeituDemo:Endpoint"] == MARK.endpoint
    assert found["XMP-MeituDemo:ResultID"] == MARK.result_id


def test_the_figure(exiftool: Read, figure: Callable[[str], None]) -> None:
    """How many kinds of file ExifTool agrees about, and what a mark weighs."""
    added = [len(embed_provenance(make(), MARK)) - len(make()) for make in PLAIN.values()]
    agreed = sum(exiftool(embed_provenance(make(), MARK)).get("XMP-TC260:Aigc") is not None for make in EVERY.values())
    assert agreed == len(EVERY)
    figure(f"provenance: ExifTool reads our mark in {agreed} of {len(EVERY)} kinds of file; it adds {max(added)} bytes")
