"""Live versus offline as HTML: each side is independent of the other."""

import re
from dataclasses import replace
from typing import Any

import pytest
from ui.result.test_result_view import OUTCOME, TEXT

from meitu_demo.calls.pipeline import Phase
from meitu_demo.domain.errors import VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import Photo
from meitu_demo.ui.result import result_view
from meitu_demo.ui.result.live_vs_offline import LegView, is_same_frame, render_result, render_side_by_side
from meitu_demo.ui.result.pictures import PictureUrls

PICTURES = PictureUrls(TEXT, TEXT, TEXT, TEXT)


def done(mode: str, width: int = 640, remark: str = "") -> LegView:
    outcome = replace(OUTCOME, mode=mode, result_photo=Photo(b"x" * 12_000, "image/jpeg", width, 480))
    return LegView(mode, render_result(outcome, PICTURES, TEXT, "en"), outcome, PICTURES, remark)


def failed() -> LegView:
    error = VendorError("meitu", TEXT, vendor_message=TEXT, http_status=400, request_id=TEXT)
    return LegView("live", result_view.render_explanation(explain(error, "en"), "en"))


def running() -> LegView:
    return LegView("live", result_view.render_progress(Phase.SEND, 0, TEXT, "live", "en"))


def test_side_by_side_shows_an_explanation_next_to_a_result() -> None:
    """An explanation is next to a result, each below its maker's name."""
    html = render_side_by_side((failed(), done("offline")), "Meitu", "en")
    live, offline = re.findall(r'<section class="side".*?</section>', html, re.DOTALL)
    assert "Meitu, live" in live
    assert "failure" in live
    assert "Offline engine" in offline
    assert all(text in offline for text in ("1.23 s", "640×480", "12 KB"))
    assert "overlay" not in html


@pytest.mark.parametrize(("width", "overlaid"), [(640, True), (643, True), (480, False)])
def test_side_by_side_overlays_results_of_the_same_frame_only(width: int, overlaid: bool) -> None:
    """Aspect ratios may differ by rounding."""
    sides = done("live"), done("offline", width)
    assert ("overlay" in render_side_by_side(sides, "Meitu", "en")) is overlaid
    outcomes: Any = [side.result for side in sides]
    assert is_same_frame(*outcomes) is overlaid


def test_side_by_side_names_the_cost_on_the_live_side_only() -> None:
    """The paid call is named on the live side and not on the offline side."""
    live, offline = re.findall(
        r'<section class="side".*?</section>',
        render_side_by_side((done("live"), done("offline")), "Meitu", "zh"),
        re.DOTALL,
    )
    assert "一次付费调用" in live
    assert "一次付费调用" not in offline
