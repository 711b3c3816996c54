"""The result view: every state takes the same room, is announced, and says how a result was made."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from meitu_demo.calls.pipeline import CallResult, Phase
from meitu_demo.domain.errors import ValueRejected, VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import Photo, PhotoChange
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.result import result_view
from meitu_demo.ui.result.pictures import FaceBox, PictureUrls

TEXT = "text"
PICTURE = Photo(b"x", "image/jpeg", 640, 480)
OUTCOME = CallResult(
    CATALOGUE["facial_aesthetics"], "offline", {"shape_type": "8", "strength": 0.5}, PICTURE, PICTURE,
    (PhotoChange("kind", {"before": TEXT, "after": "JPEG"}),), 1.234,
)  # fmt: skip


def states(language: str) -> dict[str, str]:
    pictures = PictureUrls(TEXT, TEXT, TEXT, TEXT)
    error = VendorError("meitu", TEXT, vendor_message=TEXT, http_status=400, request_id=TEXT)
    return {
        "invitation": result_view.empty_state("face_fuse", language),
        "progress": result_view.render_progress(Phase.WAIT, 2.1, TEXT, "live", language),
        "stopped": result_view.render_stopped(True, language),
        "comparison": result_view.render_comparison(OUTCOME, pictures, TEXT, language, TEXT),
        "explanation": result_view.render_explanation(explain(error, language), language, TEXT),
        "value": result_view.render_explanation(
            explain(ValueRejected(control="x", value=TEXT, allowed="y"), language), language
        ),
    }


@pytest.mark.parametrize("language", ["en", "zh"])
def test_result_view_states_take_the_same_room(language: str) -> None:
    """Each state begins with the class that sets the size, so that nothing jumps."""
    for html in states(language).values():
        assert re.match(r'(<div class="comparing">\n)?<div class="stage ', html)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_progress_has_words_for_every_phase(language: str) -> None:
    """Every phase has words, also before a queue's time is known; known seconds are rounded up."""
    for step in Phase:
        for seconds in (0.0, 2.1):
            assert len(result_view.render_progress(step, seconds, "X", "offline", language)) > 80
    assert "3" in result_view.render_progress(Phase.QUEUE, 2.1, "", "offline", language)
    assert not re.search(r"\d", result_view.render_progress(Phase.QUEUE, 0.0, "", "offline", language))


def test_progress_and_explanation_are_announced() -> None:
    """Screen readers announce progress politely and an explanation at once."""
    found = states("en")
    assert 'role="status"' in found["progress"]
    assert 'role="alert"' in found["explanation"]


def test_comparison_says_how_the_result_was_made() -> None:
    """Mode, time, size, download name, and what was done to the photo are shown."""
    html = result_view.render_comparison(
        OUTCOME, PictureUrls("kept/a/before.jpg", "kept/b/x.jpg", "download/b/x.jpg", "x.jpg"), "AILabTools", "en"
    )
    for part in ("badge offline", "640×480", 'href="download/b/x.jpg?lang=en" download="x.jpg"', "1.2"):
        assert part in html
    assert all(re.findall(r'alt="([^"]*)"', html))


def test_comparison_names_the_cost_of_a_live_call() -> None:
    """A live result says that it was paid for, an offline one does not; a remark is above the facts."""
    pictures = PictureUrls("a", "b", "c", "d")
    offline = result_view.render_comparison(OUTCOME, pictures, "AILabTools", "en")
    live = result_view.render_comparison(replace(OUTCOME, mode="live"), pictures, "AILabTools", "en", "Shown again")
    assert "One paid call" in live
    assert "One paid call" not in offline
    assert live.index("Shown again") < live.index('class="facts"')
    assert "note" not in offline


@pytest.mark.parametrize(
    ("size", "box", "frame"),
    [
        ((100, 200), (0.5, 0.25, 0.25, 0.125), ((200, 200), (0.5, 0.25, 0.125, 0.125))),
        ((100, 200), (0.0, 0.0, 1.0, 0.5), ((200, 200), (0.25, 0.0, 0.5, 0.5))),
        ((300, 200), (0.1, 0.2, 0.3, 0.4), ((300, 200), (0.1, 0.2, 0.3, 0.4))),
    ],
)
def test_frame_face_is_never_narrower_than_high(
    size: tuple[int, int], box: FaceBox, frame: tuple[tuple[int, int], FaceBox]
) -> None:
    """A high picture lies in the middle of a square, and the face's box is in shares of that."""
    frame_size, face_box = result_view.frame_face(size, box)
    assert frame_size == frame[0]
    assert face_box == pytest.approx(frame[1])


def test_format_ago_counts_whole_minutes() -> None:
    """Time is given in whole minutes; less than one is "just now"."""
    then = datetime(2026, 3, 8, 14, 25, tzinfo=UTC)
    assert result_view.format_ago(then, then + timedelta(seconds=59), "en") == "just now"
    assert result_view.format_ago(then, then + timedelta(seconds=190), "en") == "3 min ago"
    assert "3" in result_view.format_ago(then, then + timedelta(seconds=190), "zh")
