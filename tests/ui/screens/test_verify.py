"""What the Verify panel says of a file: ours, another's, none; hostile words stay words."""

import pytest

from meitu_demo.photos.provenance import Mark, MarkFinding, MarkOrigin, Provenance, SourceType
from meitu_demo.ui.screens.verify import render_finding

OURS = Provenance("face_fuse", "offline engine", SourceType.COMPOSITE, "2026-03-08T14:25:01+00:00", "id-1")


def test_our_own_mark_is_told_in_full() -> None:
    """Effect, maker, time, id and kind, in the reader's language."""
    html = render_finding(MarkFinding(MarkOrigin.THIS_APP, OURS, Mark(OURS.source_type, OURS.aigc)), "zh")
    assert all(part in html for part in ("换脸", "离线引擎", "2026-03-08", "id-1", "合成"))


@pytest.mark.parametrize(
    ("mark", "title"),
    [
        (Mark(aigc={"Label": "1", "ContentProducer": "Some studio"}), "says that it was made by AI"),
        (Mark("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"), "says how it was made"),
    ],
)
def test_only_what_says_so_is_called_made_by_ai(mark: Mark, title: str) -> None:
    """A camera's mark is a mark, and not one of AI."""
    assert title in render_finding(MarkFinding(MarkOrigin.OTHER_TOOL, None, mark), "en")


def test_no_mark_is_not_called_genuine() -> None:
    """Marks are easily lost, and the words say so."""
    html = render_finding(MarkFinding(MarkOrigin.NONE, None, Mark()), "en")
    assert "No mark was found" in html
    assert "does not mean" in html
