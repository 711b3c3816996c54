"""The Verify panel: this app's marks, another tool's, and none."""

import pytest

from meitu_demo.photos.provenance import MarkFinding, MarkOrigin
from meitu_demo.photos.provenance.record import Mark, Provenance, SourceType
from meitu_demo.ui.screens.verify import render_finding

OURS = Provenance("face_fuse", "offline engine", SourceType.COMPOSITE, "2026-03-08T14:25:01+00:00", "id-1")


def test_verify_shows_all_fields_of_this_apps_mark() -> None:
    """Effect, maker, time, ID and kind are shown in the reader's language."""
    html = render_finding(MarkFinding(MarkOrigin.THIS_APP, OURS, Mark(OURS.source_type, OURS.aigc)), "zh")
    assert all(part in html for part in ("人脸融合", "离线引擎", "2026-03-08", "id-1", "合成"))


@pytest.mark.parametrize(
    ("mark", "title"),
    [
        (Mark(aigc={"Label": "1", "ContentProducer": "Some studio"}), "is marked as made by AI"),
        (Mark("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"), "is marked with how it was made"),
    ],
)
def test_verify_says_made_by_ai_only_if_the_mark_does(mark: Mark, title: str) -> None:
    """A camera's mark is a mark, but not one of AI."""
    assert title in render_finding(MarkFinding(MarkOrigin.OTHER_TOOL, None, mark), "en")


def test_verify_does_not_call_a_file_without_marks_genuine() -> None:
    """Marks are easily lost, and the text says so."""
    html = render_finding(MarkFinding(MarkOrigin.NONE, None, Mark()), "en")
    assert "No mark was found" in html
    assert "may still be AI-made" in html
