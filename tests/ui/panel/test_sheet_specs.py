"""A sheet's HTML: every text escaped, whoever wrote it, and a place for each picture, be it there or not."""

from meitu_demo.ui.panel import sheet_specs
from meitu_demo.ui.panel.sheet_specs import Cell, ContactSheet

HOSTILE = '"><script>alert(1)</script>'


def test_a_place_without_a_picture_cannot_be_used() -> None:
    """Neither while it is awaited nor when there is none; the list is busy until all have been."""
    cells = tuple(Cell(str(number), f"no. {number}", "a face") for number in range(3))
    plan = ContactSheet("a-panel", "shapes", 0, "1", "title", "note", cells)
    for pictures, unusable, busy in (((), 3, "true"), ((b"x",), 2, "true"), ((b"x", None, b"y"), 1, "false")):
        shown = sheet_specs.render_sheet(plan, pictures)
        assert shown.count("<li>") == 3
        assert shown.count(" disabled") == unusable
        assert f'aria-busy="{busy}"' in shown
        assert shown.count("alt=") == 3 - unusable
