"""The facts below a result, and file names: descriptive, and safe on every system."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.model import Photo, RecordedCall
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.result.facts import Maker, build_file_name, describe_maker, render_facts
from meitu_demo.ui.result.pictures import PictureUrls

PHOTO = Photo(b"", "image/jpeg", 1, 1)
NOW = datetime(2026, 3, 8, 14, 25, 1, tzinfo=UTC)
OUTCOME = CallResult(
    CATALOGUE["facial_aesthetics"], "offline", {"shape_type": "8", "strength": 0.5}, PHOTO, PHOTO, (), 0.1
)


def test_file_name_has_endpoint_values_and_time() -> None:
    """Endpoint, values and time are in this order, for a person who finds the file next week."""
    assert build_file_name(OUTCOME, NOW) == "facial-aesthetics_8_0.5_20260308-142501.jpg"


@pytest.mark.parametrize(
    ("kind", "suffix"), [("image/jpeg", "jpg"), ("image/png", "png"), ("image/webp", "webp"), ("image/heic", "jpg")]
)
def test_file_suffix_follows_the_content(kind: str, suffix: str) -> None:
    """The suffix is not what the vendor declared; what no browser shows is exported as JPEG."""
    outcome = replace(OUTCOME, result_photo=replace(PHOTO, media_type=kind))
    assert build_file_name(outcome, NOW).endswith(f".{suffix}")


@pytest.mark.parametrize("value", ["../../etc/passwd", "a b\n", "人脸融合", "x" * 64, 'a"b\\c:d', "."])
def test_file_name_is_safe_for_any_value(value: str) -> None:
    """Only ASCII letters, digits, dot, dash and underscore, no folder, and short enough for any system."""
    name = build_file_name(replace(OUTCOME, endpoint=CATALOGUE["face_fuse"], values={"template_id": value}), NOW)
    assert re.fullmatch(r"face-fuse_[A-Za-z0-9_.-]+_20260308-142501\.jpg", name)
    assert len(name) < 200


@pytest.mark.parametrize(
    ("language", "text"),
    [("en", "Recorded from Meitu, 12 Nov 2026, 1.8 s"), ("zh", "Meitu的录制结果，2026年11月12日，1.8 秒")],
)
def test_facts_of_a_recording_name_vendor_day_and_seconds(language: str, text: str) -> None:
    """They are those of the recorded call, in UTC; the replay's own milliseconds and a price are not shown."""
    made_at = datetime(2026, 11, 13, 7, 30, tzinfo=timezone(timedelta(hours=8)))  # still the 12th in UTC
    recorded = RecordedCall(made_at, 1.84)
    assert describe_maker(Maker("recorded", "Meitu", recorded), language) == text
    outcome = replace(OUTCOME, mode="recorded", recorded=recorded, elapsed_s=0.0123)
    html = render_facts(outcome, PictureUrls("b", "a", "d", "f.jpg"), "Meitu", language)
    assert text in html
    assert "0.01" not in html
    assert not outcome.is_paid
