"""File names: say what a file is, and are safe everywhere."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.model import Photo
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.result.facts import build_file_name

PHOTO = Photo(b"", "image/jpeg", 1, 1)
NOW = datetime(2026, 3, 8, 14, 25, 1, tzinfo=UTC)
OUTCOME = CallResult(
    CATALOGUE["facial_aesthetics"], "offline", {"shape_type": "8", "strength": 0.5}, PHOTO, PHOTO, (), 0.1
)


def test_endpoint_values_and_time() -> None:
    """In this order, for a person who finds the file next week."""
    assert build_file_name(OUTCOME, NOW) == "facial-aesthetics_8_0.5_20260308-142501.jpg"


@pytest.mark.parametrize(
    ("kind", "suffix"), [("image/jpeg", "jpg"), ("image/png", "png"), ("image/webp", "webp"), ("image/heic", "jpg")]
)
def test_the_suffix_is_the_contents(kind: str, suffix: str) -> None:
    """Not what the vendor declared; what no browser shows leaves as JPEG."""
    outcome = replace(OUTCOME, result_photo=replace(PHOTO, media_type=kind))
    assert build_file_name(outcome, NOW).endswith(f".{suffix}")


@pytest.mark.parametrize("value", ["../../etc/passwd", "a b\n", "换脸", "x" * 64, 'a"b\\c:d', "."])
def test_no_value_makes_a_name_unsafe(value: str) -> None:
    """ASCII letters, digits, dot, dash and underscore, and no folder; short enough for any system."""
    name = build_file_name(replace(OUTCOME, endpoint=CATALOGUE["face_fuse"], values={"template_id": value}), NOW)
    assert re.fullmatch(r"face-fuse_[A-Za-z0-9_.-]+_20260308-142501\.jpg", name)
    assert len(name) < 200
