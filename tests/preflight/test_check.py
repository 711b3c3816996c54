"""The check: what it measures, in which coordinates, and that it neither raises nor retains anything."""

import dataclasses
import gc
import random
import re
from importlib import import_module

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meitu_demo.domain.errors import DemoError, ImageRejected
from meitu_demo.domain.model import FaceRequirement
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.imaging import face_checks, faces
from meitu_demo.engine.imaging.face import Face
from meitu_demo.photos import codec
from meitu_demo.preflight.check import ChecklistItem, DetectedFace, Preflight, check
from meitu_demo.preflight.fixes import apply_fix, suggest_fixes
from preflight.item_states import ITEM_STATES
from preflight.sample_photos import cached_check, photos, sized

FUSE, AVATAR = CATALOGUE["face_fuse"], CATALOGUE["anime_avatar"]
RESTORE, RESHAPE = CATALOGUE["quality_restoration"], CATALOGUE["facial_aesthetics"]


def states(preflight: Preflight) -> dict[str, str]:
    return {item.slug: item.state for item in preflight.items}


def facts(preflight: Preflight, slug: str) -> dict[str, object]:
    item = preflight.item(slug)
    assert item is not None
    return dict(item.facts)


def test_check_of_a_good_photo_lists_every_item_without_a_warning() -> None:
    """For an endpoint that needs a fit face, each item is measured and reported with its limit."""
    seen = check(FUSE, photos()["whole astronaut"])
    assert seen.rejection is None
    assert set(states(seen).values()) == {"ok"}
    assert list(states(seen)) == ["kind", "weight", "size", "face", "face_size", "cut", "turned", "nodded", "upright"]
    assert facts(seen, "kind") == {"kind": "JPEG"}
    assert facts(seen, "size") == {"width": 512, "height": 512, "least": 48, "most": 4096}
    assert facts(seen, "turned")["limit"] == face_checks.MAX_YAW_DEG
    assert facts(seen, "face_size")["limit"] == face_checks.MIN_FACE_PX


def test_check_warns_of_a_side_view_where_likeness_would_suffer() -> None:
    """Between 20° and the limit, Face Fuse says beforehand that the result will be less like the person."""
    turned = photos()["turned a little"]
    assert states(check(FUSE, turned))["side_view"] == "warn"
    assert 20 < facts(check(FUSE, turned), "side_view")["angle"] < face_checks.MAX_YAW_DEG
    assert "side_view" not in states(check(RESHAPE, turned))


def test_check_lists_the_items_of_the_endpoint() -> None:
    """Where any face will do, angles are not listed; where no face is needed, no item asks for one."""
    turned = photos()["turned far"]
    assert states(check(FUSE, turned))["turned"] == "refuse"
    assert list(states(check(AVATAR, turned))) == ["kind", "weight", "size", "face", "upright"]
    assert list(states(check(RESTORE, turned))) == ["kind", "weight", "size", "face_free"]
    assert {endpoint.face_requirement for endpoint in CATALOGUE.values()} == set(FaceRequirement)


def test_check_measures_the_photo_as_sent() -> None:
    """A photo above the vendor's maximum sides is measured after shrinking."""
    seen = check(RESHAPE, codec.encode(sized(4000, 4000)))
    (face,) = seen.faces
    assert face.photo_size == (1999, 1999)
    assert face.side == pytest.approx(107 * 1999 / 512, rel=0.05)
    assert face.relative_box == pytest.approx(check(FUSE, photos()["whole astronaut"]).faces[0].relative_box, abs=0.01)


@pytest.mark.parametrize(("name", "slug", "state"), [
    ("turned far", "turned", "refuse"), ("cameraman from the side", "turned", "refuse"),
    ("turned a little", "turned", "ok"), ("nodded far", "nodded", "refuse"), ("cut at the left", "cut", "refuse"),
    ("small face", "face_size", "refuse"), ("cup of coffee", "face", "refuse"), ("upside down", "upright", "warn"),
    ("two alike", "several", "warn"), ("tiny picture", "size", "refuse"), ("text", "kind", "refuse"),
    ("half a JPEG", "kind", "refuse"), ("GIF", "kind", "refuse"), ("thinner", "size", "refuse"),
])  # fmt: skip
def test_check_reports_each_problem_at_its_item(name: str, slug: str, state: str) -> None:
    """Each problem of a photo is reported at the item that is about it."""
    assert states(check(FUSE, photos()[name]))[slug] == state


def test_check_warns_close_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A face that fits by less than a fifth of the limit is accepted with a warning."""
    nod = abs(faces.find_faces(codec.decode(photos()["whole astronaut"]))[0].pitch)
    monkeypatch.setattr(face_checks, "MAX_PITCH_DEG", nod * 1.1)
    seen = check(FUSE, photos()["whole astronaut"])
    assert seen.rejection is None
    assert states(seen)["nodded"] == "warn"


def test_check_uses_the_limits_of_the_effects(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed limit in `face_checks` changes the check: no number is written twice."""
    monkeypatch.setattr(face_checks, "MAX_PITCH_DEG", 5.0)
    seen = check(FUSE, photos()["whole astronaut"])
    assert re.fullmatch(r"face_nodded angle=(9|10|11) limit=5", str(seen.rejection))
    assert states(seen)["nodded"] == "refuse"


def test_check_rejects_by_the_first_problem_and_lists_the_others() -> None:
    """A small face that is also turned is rejected for its size, and both items say so."""
    turned = codec.decode(photos()["turned far"])
    seen = check(FUSE, codec.encode(np.ascontiguousarray(turned[::3, ::3])))
    assert seen.rejection is not None
    assert seen.rejection.slug == "face_too_small"
    assert {slug for slug, state in states(seen).items() if state == "refuse"} == {"face_size", "turned"}


def test_check_marks_the_used_face() -> None:
    """One of several faces is used by an effect on one face, all if all are drawn, none if none is needed."""
    two = photos()["small beside large"]
    assert [face.is_used for face in check(FUSE, two).faces] == [True, False]
    assert [face.is_used for face in check(AVATAR, two).faces] == [True, True]
    assert [face.is_used for face in check(RESTORE, two).faces] == [False, False]
    assert states(check(AVATAR, two))["several"] == "ok"
    large, small = check(FUSE, two).faces
    assert (large.number, small.number) == (1, 2)
    assert small.relative_box[2] < 1 / 3 < large.relative_box[0]


def test_check_detects_faces_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Detection is expensive: it runs once in the whole check."""
    searched = []
    monkeypatch.setattr(
        import_module("meitu_demo.preflight.check"), "find_faces", lambda image: searched.append(image) or ()
    )
    check(FUSE, photos()["portrait"])
    assert len(searched) == 1


def test_check_returns_only_declared_items_and_states() -> None:
    """The checklist has only items and states of ITEM_STATES, and each item once."""
    for name in photos():
        for endpoint_id in CATALOGUE:
            items = cached_check(name, endpoint_id).items
            assert items
            assert len({item.slug for item in items}) == len(items)
            assert all(item.state in ITEM_STATES[item.slug] for item in items)


# ── Nothing is retained ───────────────────────────────────────────────────────────────────────────────────────────────
def flatten(value: object) -> list[object]:
    """`value` and everything that it contains."""
    found = [value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            found += flatten(getattr(value, field.name))
    elif isinstance(value, tuple):
        for part in value:
            found += flatten(part)
    elif isinstance(value, ChecklistItem):
        found += flatten(tuple(value.facts.values()))
    return found


@pytest.mark.parametrize("name", ["small beside large", "small face", "turned far", "half a JPEG", "far away"])
def test_check_result_contains_no_pixels_landmarks_or_frames(name: str) -> None:
    """The result has only numbers and slugs; its error has no traceback, which would keep the photo alive."""
    seen = check(FUSE, photos()[name])
    parts = flatten((seen, suggest_fixes(seen, photos()[name])))
    assert not [part for part in parts if isinstance(part, bytes | bytearray | np.ndarray | Face)]
    for error in (part for part in parts if isinstance(part, DemoError)):
        assert (error.__traceback__, error.__context__, error.__cause__) == (None, None, None)


def test_preflight_leaves_no_face_in_memory() -> None:
    """After check and fixes no face is in memory."""

    def count_faces() -> int:
        gc.collect()
        return sum(isinstance(thing, Face | DetectedFace) for thing in gc.get_objects())

    before = count_faces()
    for name in ("small beside large", "small face", "far away"):
        suggest_fixes(check(FUSE, photos()[name]), photos()[name])
    assert count_faces() == before


# ── Any bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(st.binary(max_size=400), st.sampled_from(["", "\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "BM", "RIFF0000WEBP"]))
def test_check_returns_a_report_for_any_bytes(rest: bytes, start: str) -> None:
    """Bytes that are no photo are rejected without an exception and get no fix."""
    source = start.encode("latin-1") + rest
    seen = check(FUSE, source)
    assert isinstance(seen.rejection, ImageRejected)
    assert [item.state for item in seen.items][-1] == "refuse"
    assert suggest_fixes(seen, source) == ()


@pytest.mark.fuzz
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from(["portrait", "HEIC", "PNG with alpha", "WebP", "small face"]))
def test_check_returns_a_report_for_any_damaged_photo(seed: int, name: str) -> None:
    """A photo with changed or missing bytes gets a report, and its fixes raise nothing."""
    rng = random.Random(seed)
    data = bytearray(photos()[name])
    for _ in range(rng.choice((1, 3, 30))):
        data[rng.randrange(len(data))] = rng.randrange(256)
    source = bytes(data[: rng.choice((len(data), rng.randrange(1, len(data))))])
    seen = check(RESHAPE, source)
    for fix in suggest_fixes(seen, source):
        assert codec.sniff(apply_fix(fix, seen, source)) == "image/jpeg"
