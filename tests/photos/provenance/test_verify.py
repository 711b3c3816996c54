"""What a file says is found whoever wrote it, and no file, however hostile, does more than say nothing."""

import json
import time
import tracemalloc
import zlib
from collections.abc import Callable

import pillow_heif
import pytest

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.photos.provenance import MarkOrigin, embed_provenance, read_provenance, verify_provenance
from meitu_demo.photos.provenance.record import NEWSCODES

from . import samples
from .samples import MARK, PLAIN, jpeg_with, png_xmp, webp_with

AIGC = {"Label": "1", "ContentProducer": "001191110108", "ProduceID": "x-1", "ReservedCode1": ""}
CARRIERS: dict[str, Callable[[bytes], bytes]] = {
    "jpeg": jpeg_with,
    "png": png_xmp,
    "png packed": lambda packet: png_xmp(packet, packed=True),
    "webp": webp_with,
}


def packet(attributes: str = "", elements: str = "") -> bytes:
    """A packet as other producers write it."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
        f"{attributes}>{elements}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def escaped(fields: dict[str, object]) -> str:
    return json.dumps(fields).replace('"', "&quot;")


# ── Whose mark it is ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", PLAIN)
def test_verify_finds_no_mark_in_a_plain_file(name: str) -> None:
    """No mark, no facts."""
    found = verify_provenance(PLAIN[name]())
    assert (found.origin, found.provenance, found.mark.says_ai, found.mark.made_by) == (
        MarkOrigin.NONE,
        None,
        False,
        "",
    )


@pytest.mark.parametrize("name", PLAIN)
def test_verify_recognises_the_mark_of_this_app(name: str) -> None:
    """With the record, and with the facts that anybody would read."""
    found = verify_provenance(embed_provenance(PLAIN[name](), MARK))
    assert (found.origin, found.provenance) == (MarkOrigin.THIS_APP, MARK)
    assert found.mark.says_ai
    assert dict(found.mark.aigc) == MARK.aigc
    assert found.mark.source_type == MARK.source_type
    assert found.mark.made_by == MARK.made_by


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize(
    "written",
    [
        packet(elements=f"<TC260:AIGC>{escaped(AIGC)}</TC260:AIGC>"),
        packet(attributes=f' TC260:AIGC="{escaped(AIGC)}"'),
        packet(elements=f"<TC260:AIGC>{escaped({'AIGC': AIGC})}</TC260:AIGC>"),
        packet(attributes="".join(f' TC260:{name}="{value}"' for name, value in AIGC.items())),
    ],
    ids=["element", "attribute", "nested", "properties"],
)
def test_verify_reads_the_aigc_fields_of_other_tools(carrier: str, written: bytes) -> None:
    """China's label is found as element, as attribute, nested, and as properties."""
    found = verify_provenance(CARRIERS[carrier](written))
    assert found.origin is MarkOrigin.OTHER_TOOL
    assert found.mark.says_ai
    assert dict(found.mark.aigc) == AIGC
    assert found.mark.made_by == "001191110108"


@pytest.mark.parametrize("carrier", CARRIERS)
def test_verify_reads_the_source_type_of_other_tools(carrier: str) -> None:
    """IPTC's word and the names beside it are told; what a camera took is a mark and is not called AI."""
    kind = f' Iptc4xmpExt:DigitalSourceType="{NEWSCODES}trainedAlgorithmicMedia"'
    found = verify_provenance(CARRIERS[carrier](packet(kind + ' photoshop:Credit="Made with Google AI"')))
    assert (found.origin, found.mark.says_ai, found.mark.made_by) == (
        MarkOrigin.OTHER_TOOL,
        True,
        "Made with Google AI",
    )
    creators = "<dc:creator><rdf:Seq><rdf:li>A. Painter</rdf:li><rdf:li>B</rdf:li></rdf:Seq></dc:creator>"
    kind = kind.replace("trainedAlgorithmicMedia", "digitalCapture")
    found = verify_provenance(CARRIERS[carrier](packet(kind + ' xmp:CreatorTool="Camera 1.0"', creators)))
    assert (found.origin, found.mark.says_ai, found.mark.software) == (MarkOrigin.OTHER_TOOL, False, "Camera 1.0")
    assert found.mark.creator == "A. Painter"


def test_verify_takes_no_name_alone_for_a_mark() -> None:
    """A program's name says nothing about AI, but it is told."""
    found = verify_provenance(jpeg_with(packet(' xmp:CreatorTool="Camera 1.0"')))
    assert (found.origin, found.mark.software) == (MarkOrigin.NONE, "Camera 1.0")


def test_verify_reads_plain_text_chunks() -> None:
    """Generators that write AIGC's JSON and their name into text chunks of a PNG are understood."""
    chunks = [(b"AIGC", json.dumps(AIGC).encode()), (b"Software", b"NovelAI")]
    found = verify_provenance(samples.png_with(*(samples.chunk(b"tEXt", key + b"\0" + text) for key, text in chunks)))
    assert (found.origin, dict(found.mark.aigc), found.mark.software) == (MarkOrigin.OTHER_TOOL, AIGC, "NovelAI")


def test_verify_scans_a_heic() -> None:
    """A kind of file that we do not write is still looked through for a packet."""
    pillow_heif.register_heif_opener()
    written = packet(elements=f"<TC260:AIGC>{escaped(AIGC)}</TC260:AIGC>")
    assert verify_provenance(samples.saved("HEIF", xmp=written)).origin is MarkOrigin.OTHER_TOOL
    assert verify_provenance(samples.saved("HEIF")).origin is MarkOrigin.NONE


@pytest.mark.parametrize("kind", ["jpeg 4:2:0", "png"])
def test_verify_reads_marks_of_truncated_files(kind: str) -> None:
    """Half a download is no picture to work on, but its mark is whole."""
    marked = embed_provenance(PLAIN[kind](), MARK)
    assert read_provenance(marked[: len(marked) // 2]) == MARK


@pytest.mark.parametrize(("data", "slug"), [(b"", "image_empty"), (b"hello", "image_wrong_kind")])
def test_verify_rejects_bytes_that_are_not_a_picture(data: bytes, slug: str) -> None:
    """Nothing is said about what is no picture."""
    with pytest.raises(ImageRejected) as refused:
        verify_provenance(data)
    assert refused.value.slug == slug


# ── Hostile packets ─────────────────────────────────────────────────────────────────────────────────────────────────
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
OURS = embed_provenance(PLAIN["jpeg 4:2:0"](), MARK)
HOSTILE: dict[str, Callable[[], bytes]] = {
    "billion laughs": lambda: f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l11;</x>'.encode(),
    "file of the machine": lambda: b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>',
    "laughs in UTF-16": lambda: f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><x>&l11;</x>'.encode("utf-16"),
    "declared UTF-7": lambda: b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE x+AD4-<x/>',
    "10 MB": lambda: packet(elements="<a>" + "x" * 10_000_000 + "</a>"),
    "broken UTF-8": lambda: packet().replace(b"about", b"ab\xff\xfeut"),
    "deep": lambda: b"<a>" * 60_000 + b"</a>" * 60_000,
    "wide": lambda: b"<a>" + b"<b/>" * 200_000 + b"</a>",
    "attributes": lambda: b"<a " + b" ".join(b'a%d=""' % n for n in range(70_000)) + b"/>",
    "cut off": lambda: packet()[:-20],
    "zeros": lambda: bytes(50_000),
    "brackets in AIGC": lambda: packet(elements=f"<TC260:AIGC>{'[' * 7000}</TC260:AIGC>"),
    "numbers in AIGC": lambda: packet(elements='<TC260:AIGC>{"Label":' + "9" * 7000 + "}</TC260:AIGC>"),
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_verify_ignores_hostile_packets_at_no_cost(attack: str) -> None:
    """Nothing is found, in well under a second and a few megabytes, whatever carries the packet."""
    written = HOSTILE[attack]()
    for carrier, carry in CARRIERS.items():
        if carrier == "jpeg" and len(written) > 65_000:
            continue
        data = carry(written)
        tracemalloc.start()
        start = time.perf_counter()
        found = verify_provenance(data)
        took, peak = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (found.origin, found.mark.says_ai) == (MarkOrigin.NONE, False)
        assert took < 2
        assert peak < 80_000_000


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff" * 30_000_000,
        b"\xff\xd8\xff\xda\0\2" + b"\xff\0" * 15_000_000,
        b"\xff\xd8" + b"\xff\xfe\0\2" * 7_500_000,
        samples.PNG + b"\0\0\0\0tEXt\0\0\0\0" * 2_500_000,
        b"RIFF\xff\xff\xff\x01WEBP" + b"XMP \0\0\0\0" * 3_700_000,
        b"\0\0\0\x18ftypheic\0\0\0\0heic" + b"<x:xmpmeta" * 3_000_000,
    ],
    ids=["fill", "stuffed", "segments", "chunks", "webp", "heic"],
)
def test_verify_reads_a_file_of_markers_quickly(data: bytes) -> None:
    """Tens of megabytes that only keep a reader busy are given up or done with within seconds."""
    start = time.perf_counter()
    assert verify_provenance(data).origin is MarkOrigin.NONE
    assert time.perf_counter() - start < 3


def test_verify_limits_inflated_text() -> None:
    """A gigabyte of zeros in a few kilobytes of zlib is given up at the limit."""
    stream = zlib.compressobj(9)
    packed = b"".join(stream.compress(bytes(1_000_000)) for _ in range(300)) + stream.flush()
    bombs = [samples.chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)] * 20
    tracemalloc.start()
    assert verify_provenance(samples.png_with(*bombs)).origin is MarkOrigin.NONE
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def test_sanitize_text_returns_one_short_line() -> None:
    """What another's mark says cannot carry controls, marks of direction or pages of text onto the screen."""
    odd = "&#10;a&#9;\u202eb" + "c" * 1000
    found = verify_provenance(jpeg_with(packet(f' xmp:CreatorTool="{odd}" TC260:Label="1"')))
    assert found.mark.software.startswith("a bccc")
    assert len(found.mark.software) == 256
