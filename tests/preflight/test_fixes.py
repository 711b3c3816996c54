"""Fixes: each suggested fix removes the rejection, and each does what its name says and no more."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Pictures

from meitu_demo.domain.errors import ImageRejected
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec
from meitu_demo.preflight.check import DetectedFace, Preflight, check
from meitu_demo.preflight.fixes import Fix, apply_fix, suggest_fixes
from preflight.sample_photos import BUST, PORTRAIT, cached_check, far_away, photos, saved, scaled

FUSE, RESHAPE = CATALOGUE["face_fuse"], CATALOGUE["facial_aesthetics"]


def fixed(slug: str, seen: Preflight, source: bytes, face: DetectedFace | None = None) -> bytes:
    """`source` after a fix that need not be one of those that are suggested."""
    return apply_fix(Fix(slug, "", face), seen, source)


def list_fixes(name: str, endpoint_id: str = "face_fuse") -> list[str]:
    return [fix.slug for fix in suggest_fixes(cached_check(name, endpoint_id), photos()[name])]


@pytest.mark.parametrize("endpoint_id", CATALOGUE)
def test_suggested_fixes_all_work(endpoint_id: str) -> None:
    """On every test photo the service accepts the photo after a fix, and the item that the fix is for is ok."""
    fix_count = 0
    for name, source in photos().items():
        before = cached_check(name, endpoint_id)
        for fix in suggest_fixes(before, source):
            after = check(before.endpoint, apply_fix(fix, before, source))
            assert after.rejection is None, (name, fix)
            if fix.slug != "other_face":
                item = after.item(fix.fixes)
                assert item is None or item.state == "ok", (name, fix)
            fix_count += 1
    assert fix_count


@pytest.mark.parametrize(("name", "slugs"), [
    ("whole astronaut", []), ("cup of coffee", []), ("cat", []), ("rocket", []), ("cameraman from the side", []),
    ("cut at the left", []), ("nodded far", []), ("thinner", []), ("GIF", []), ("half a JPEG", []), ("empty", []),
    ("tiny face", []),  # twice the size is not enough
    ("small face", ["enlarge"]), ("upside down", ["upright"]),
    ("lying to the left", ["upright"]), ("lying to the right", ["upright"]), ("far away", ["crop_enlarge"]),
    ("two alike", ["other_face"]), ("small beside large", ["other_face"]), ("large one looks away", ["other_face"]),
    ("turned by EXIF", []),  # the codec turns it
])  # fmt: skip
def test_suggested_fixes_by_problem(name: str, slugs: list[str]) -> None:
    """Small faces are enlarged, rotated ones turned, distant ones cropped, others selected; the rest has no fix."""
    assert list_fixes(name) == slugs


def test_suggested_fixes_limit_enlargement() -> None:
    """40 px for a service that needs 48 can be fixed, 10 px cannot."""
    assert list_fixes("tiny picture", "quality_restoration") == ["enlarge"]
    assert list_fixes("tinier picture", "quality_restoration") == []


def test_suggested_fixes_find_a_face_too_small_for_the_whole_photo() -> None:
    """A face that is not found in the whole photo is found in a second search, and the crop has it in full size."""
    source = codec.encode(far_away(2400, 20))
    seen = check(FUSE, source)
    assert str(seen.rejection) == "no_face"
    (fix,) = suggest_fixes(seen, source)
    assert (fix.slug, fix.fixes) == ("crop", "face")
    (face,) = check(FUSE, apply_fix(fix, seen, source)).faces
    assert face.side == pytest.approx(120, rel=0.1)


def test_crop_surrounds_the_face() -> None:
    """The face is in the middle with a margin of its side around it, in the original photo's pixels."""
    large = scaled(load_astronaut(), 6)
    source = codec.encode(large)
    seen = check(RESHAPE, source)
    (face,) = seen.faces
    cropped = codec.decode(fixed("crop", seen, source, face))
    (recropped,) = check(RESHAPE, codec.encode(cropped)).faces
    x0, y0, x1, y1 = (round(share * 3072) for share in face.relative_box)
    side = x1 - x0
    assert cropped.shape[1] == pytest.approx(3 * max(side, y1 - y0), rel=0.1)
    assert recropped.relative_box[0] + recropped.relative_box[2] == pytest.approx(1, abs=0.05)
    top = max(0, y0 - max(side, y1 - y0))
    centre = cropped[(y0 + y1) // 2 - top, cropped.shape[1] // 2].astype(int)
    assert np.abs(centre - large[(y0 + y1) // 2, (x0 + x1) // 2]).max() < 40


@pytest.mark.parametrize("number", [0, 1])
def test_other_face_selects_a_face(number: int) -> None:
    """After the crop the chosen face is the only one, or the largest: beside the large one the small one may stay."""
    source = photos()["small beside large"]
    seen = check(FUSE, source)
    after = check(FUSE, fixed("other_face", seen, source, seen.faces[number]))
    assert after.faces[0].side == pytest.approx(seen.faces[number].side, rel=0.05)


def test_other_face_rejects_overlapping_faces() -> None:
    """Where no straight cut separates two faces, the error says so and there is no crop."""
    bust = load_astronaut()[BUST]
    overlapping = np.ascontiguousarray(np.vstack([bust[40:175], bust[75:]]))
    source = codec.encode(overlapping)
    seen = check(FUSE, source)
    one = seen.faces[0]
    x0, y0, x1, y1 = one.box
    shifted = type(one)(2, (x0 + 9, y0 + 9, x1 + 9, y1 + 9), one.photo_size, 0, one.side, False)
    with pytest.raises(ImageRejected) as caught:
        fixed("other_face", replace(seen, faces=(one, shifted)), source, shifted)
    assert caught.value.slug == "faces_overlap"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_upright_only_rotates(turns: int) -> None:
    """Each quarter turn is undone: the same pixels as before, except for one encoding."""
    source = codec.encode(np.ascontiguousarray(np.rot90(load_astronaut()[PORTRAIT], turns)))
    seen = check(FUSE, source)
    upright = codec.decode(fixed("upright", seen, source, seen.faces[0])).astype(int)
    assert np.abs(upright - load_astronaut()[PORTRAIT]).mean() < 3


def test_enlarge_stops_at_twice_and_at_the_maximum_side() -> None:
    """An enlarged photo has at most twice its size, and no more than the codec would accept unshrunk."""

    def enlarged(name: str, endpoint_id: str) -> bytes:
        return fixed("enlarge", cached_check(name, endpoint_id), photos()[name])

    assert codec.read_size(enlarged("portrait", "face_fuse")) == (640, 640)
    assert codec.read_size(enlarged("1999 px", "face_fuse")) == (3998, 3000)
    assert codec.read_size(enlarged("4096 px", "face_fuse")) == (4096, 1500)
    assert codec.read_size(enlarged("1999 px", "facial_aesthetics")) == (1999, 1500)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_fixes_remove_metadata(kind: str) -> None:
    """Metadata is removed, and EXIF's rotation is applied to the pixels."""
    exif = Pictures.Exif()
    exif[0x0112], exif[0x010E] = 6, "CANARY-7d20"
    source = saved(np.ascontiguousarray(np.rot90(load_astronaut())), kind, exif=exif)
    assert b"CANARY" in source
    seen = check(FUSE, source)
    (face,) = seen.faces
    for slug, used in (("crop", face), ("upright", face), ("enlarge", None)):
        data = fixed(slug, seen, source, used)
        assert codec.sniff(data) == "image/jpeg"
        assert b"CANARY" not in data
        assert b"Exif" not in data
        upright = check(FUSE, data).item("upright")
        assert upright is not None
        assert upright.state == "ok"


def test_fixes_reject_a_broken_photo() -> None:
    """A fix of a broken photo raises the error of opening it."""
    seen = check(FUSE, photos()["portrait"])
    with pytest.raises(ImageRejected):
        fixed("crop", seen, photos()["half a JPEG"], seen.faces[0])
    with pytest.raises(ImageRejected):
        fixed("enlarge", seen, b"")
