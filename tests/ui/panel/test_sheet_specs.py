"""A contact sheet's HTML: a cell for each picture, with or without it."""

from meitu_demo.ui.panel import sheet_specs
from meitu_demo.ui.panel.sheet_specs import Cell, ContactSheet

HOSTILE = '"><script>alert(1)</script>'


def test_sheet_cell_without_a_picture_is_disabled() -> None:
    """A cell is disabled while its picture is awaited or missing; the list is busy until all were drawn."""
    cells = tuple(Cell(str(number), f"no. {number}", "a face") for number in range(3))
    plan = ContactSheet("a-panel", "shapes", 0, "1", "title", "note", cells)
    for pictures, unusable, busy in (((), 3, "true"), ((b"x",), 2, "true"), ((b"x", None, b"y"), 1, "false")):
        shown = sheet_specs.render_sheet(plan, pictures)
        assert shown.count("<li>") == 3
        assert shown.count(" disabled") == unusable
        assert f'aria-busy="{busy}"' in shown
        assert shown.count("alt=") == 3 - unusable
