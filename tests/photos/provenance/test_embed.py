"""What leaves carries our mark, the pixels it had, and nothing else of what came in."""

import io
import zlib
from collections.abc import Callable
from contextlib import suppress
from itertools import islice

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.photos import codec
from meitu_demo.photos.label import add_label
from meitu_demo.photos.provenance import embed_provenance, read_provenance
from meitu_demo.photos.provenance.record import MAX_MARK_TEXT_CHARS, Provenance, SourceType

from . import samples
from .conftest import Read
from .samples import CANARY, LADEN, MARK, PLAIN

pytestmark = pytest.mark.filterwarnings("ignore:Image appears to be a malformed MPO")  # one canary looks like it
EVERY = {**PLAIN, **{f"laden {kind}": make for kind, make in LADEN.items()}}


def decoded(data: bytes) -> list[tuple[str, bytes]]:
    """Mode and samples of every frame, as Pillow decodes them: no profile applied, not turned."""
    with Image.open(io.BytesIO(data)) as opened:
        frames = 1 if opened.format == "JPEG" else getattr(opened, "n_frames", 1)
        return [(frame.mode, frame.tobytes()) for frame in islice(ImageSequence.Iterator(opened), frames)]


@pytest.mark.parametrize("name", EVERY)
def test_embed_preserves_pixels(name: str) -> None:
    """Two decoders and the gate get the same samples, bit for bit, before and after."""
    before = EVERY[name]()
    after = embed_provenance(before, MARK)
    assert decoded(after) == decoded(before)
    by_opencv = [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) for data in (before, after)]
    assert (by_opencv[0] is None and by_opencv[1] is None) or np.array_equal(*by_opencv)
    assert np.array_equal(codec.decode(before), codec.decode(after))


@pytest.mark.parametrize("name", EVERY)
def test_embed_replaces_another_mark_and_is_read_back(name: str) -> None:
    """What was embedded is read; embedding again changes nothing, and another mark leaves none of the first."""
    other = Provenance("anime_avatar", "Meitu", SourceType.ENHANCED, "2026-04-01T00:00:00Z", "77aa")
    marked = embed_provenance(EVERY[name](), MARK)
    assert read_provenance(marked) == MARK
    assert embed_provenance(marked, MARK) == marked
    again = embed_provenance(marked, other)
    assert read_provenance(again) == other
    assert again.count(b"<x:xmpmeta") == 1
    assert MARK.result_id.encode() not in again


@pytest.mark.parametrize("kind", LADEN)
@pytest.mark.parametrize("orientation", [1, 6])
def test_embed_removes_all_other_metadata(kind: str, orientation: int, exiftool: Read) -> None:
    """Canaries from every place where a file keeps metadata are gone, for a byte search and for ExifTool."""
    before = LADEN[kind](orientation)
    after = embed_provenance(before, MARK)
    assert CANARY in before
    assert CANARY not in after
    assert CANARY.decode() not in str(exiftool(after))
    groups = {name.partition(":")[0] for name in exiftool(after)}
    allowed = {"SourceFile", "ExifTool", "System", "File", "JFIF", "PNG", "RIFF", "Composite", "ICC_Profile"}
    allowed |= {"ICC-header", "ICC-chrm", "XMP-x", "XMP-TC260", "XMP-iptcExt", "XMP-xmp"}
    allowed |= {"XMP-MeituDemo"} | ({"IFD0"} if orientation != 1 else set())
    assert groups <= allowed
    assert {name for name in exiftool(after) if name.startswith("IFD0:")} <= {"IFD0:Orientation"}


@pytest.mark.parametrize("kind", LADEN)
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_embed_preserves_colours_and_orientation(kind: str, orientation: int) -> None:
    """The colour profile stays, and so does the way the picture is turned."""
    before = LADEN[kind](orientation)
    with Image.open(io.BytesIO(before)) as first, Image.open(io.BytesIO(embed_provenance(before, MARK))) as second:
        assert second.info["icc_profile"] == first.info["icc_profile"] == samples.profile()
        assert second.getexif().get(0x0112, 1) == first.getexif().get(0x0112, 1) == orientation


def test_embed_removes_false_icc_profiles() -> None:
    """Text in the place of a profile does not survive in any kind of file."""
    fake = bytes(36) + b"acsp" + bytes(200) + CANARY
    for kind in ("JPEG", "PNG", "WEBP"):
        before = samples.saved(kind, icc_profile=fake)
        after = embed_provenance(before, MARK)
        assert b"acsp" not in after
        assert not any(CANARY in zlib.decompress(part[14:]) for name, part in _png(after) if name == b"iCCP")
        assert decoded(after) == decoded(before)


@pytest.mark.parametrize("kind", LADEN)
def test_embed_works_on_a_labelled_picture(kind: str) -> None:
    """What leaves is labelled first and marked then: upright, nothing of the input's, and the mark is read back."""
    after = embed_provenance(add_label(LADEN[kind](6), "AI 生成"), MARK)
    assert read_provenance(after) == MARK
    assert CANARY not in after
    assert codec.read_size(after) == codec.read_size(LADEN[kind](6))
    assert codec.read_stored_size_and_orientation(after)[1] == 1


def test_embed_preserves_the_order_of_icc_segments() -> None:
    """A profile in several segments of a JPEG comes out whole."""
    plain = bytearray(samples.profile()) + bytes(150_000)
    plain[:4] = len(plain).to_bytes(4, "big")
    after = embed_provenance(samples.saved("JPEG", icc_profile=bytes(plain)), MARK)
    with Image.open(io.BytesIO(after)) as opened:
        assert opened.info["icc_profile"] == plain


ODD = ["]]>", "<!DOCTYPE x [", '"}&quot;\0', "{0}", "\ud800", "\u202e", "生成" * 400, "&" * 999]
SMALL = [PLAIN["jpeg 4:2:0"](), PLAIN["png palette"](), PLAIN["webp"]()]
TEXT = st.text(max_size=40) | st.sampled_from(ODD)


@settings(max_examples=150)
@given(TEXT, TEXT, TEXT, TEXT, TEXT)
def test_embed_round_trips_any_text(endpoint: str, made_by: str, time: str, result_id: str, label: str) -> None:
    """Markup, controls, surrogates and long texts come back as the record holds them, from every kind of file."""
    mark = Provenance(endpoint, made_by, SourceType.ENHANCED, time, result_id, label)
    assert all(
        len(text) <= MAX_MARK_TEXT_CHARS and text.isprintable() for text in (mark.endpoint, mark.made_by, mark.label)
    )
    for data in SMALL:
        assert read_provenance(embed_provenance(data, mark)) == mark


@pytest.mark.parametrize(
    ("data", "slug"),
    [
        (b"", "image_empty"),
        (b"nothing", "image_wrong_kind"),
        (samples.saved("GIF", "P"), "image_wrong_kind"),
        (samples.saved("BMP"), "image_wrong_kind"),
        (samples.saved("PNG")[:2000], "image_truncated"),
        (samples.saved("JPEG")[:2000], "image_truncated"),
    ],
)
def test_embed_rejects_files_that_cannot_carry_a_mark(data: bytes, slug: str) -> None:
    """No picture, another kind, or one that breaks off: an ImageRejected that says which."""
    with pytest.raises(ImageRejected) as refused:
        embed_provenance(data, MARK)
    assert refused.value.slug == slug


@pytest.mark.fuzz
def test_embed_of_a_damaged_file_returns_a_picture_or_rejects(
    rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """Flipped, cut and repeated bytes: `embed` gives a marked file or an ImageRejected, `read` never more than that."""
    random = np.random.default_rng(45438)
    marked = refused = 0
    for _ in range(rounds(3000)):
        data = bytearray(EVERY[random.choice(list(EVERY))]())
        for _ in range(random.integers(1, 6)):
            data[random.integers(len(data) if random.random() < 0.5 else 200)] = random.integers(256)
        if random.random() < 0.3:
            del data[random.integers(len(data)) :]
        try:
            after = embed_provenance(bytes(data), MARK)
            assert read_provenance(after) == MARK
            marked += 1
        except ImageRejected:
            refused += 1
        with suppress(ImageRejected):
            read_provenance(bytes(data))
    figure(f"provenance: {marked + refused} damaged files, {marked} marked, {refused} refused, nothing else raised")


def _png(data: bytes) -> list[tuple[bytes, bytes]]:
    return samples.chunks(data) if data.startswith(samples.PNG) else []
