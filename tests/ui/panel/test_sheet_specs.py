"""A contact sheet's HTML: a cell for each picture, with or without it, and what a click on it sets."""

import html
import json
import re

from meitu_demo.domain.vendor_codes import FACE_PARTS
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.panel import sheet_specs
from meitu_demo.ui.panel.sheet_specs import Cell, CellGroup, ContactSheet

AESTHETICS = CATALOGUE["facial_aesthetics"]


def test_sheet_cell_without_a_picture_is_disabled() -> None:
    """A cell is disabled while its picture is awaited or missing; the list is busy until all were drawn."""
    cells = tuple(Cell({"shape_type": str(number)}, f"no. {number}", "a face") for number in range(3))
    plan = ContactSheet("a-panel", "shapes", {"shape_type": "1"}, "title", "note", (CellGroup("", "", cells),))
    for pictures, unusable, busy in (((), 3, "true"), ((b"x",), 2, "true"), ((b"x", None, b"y"), 1, "false")):
        shown = sheet_specs.render_sheet(plan, pictures, "en")
        assert shown.count("<li>") == 3
        assert shown.count(" disabled") == unusable
        assert f'aria-busy="{busy}"' in shown
        assert shown.count("alt=") == 3 - unusable


def test_sheet_of_shapes_sets_shape_and_strength() -> None:
    """22 cells set a shape and full strength; each of four groups begins with the original, which sets strength 0."""
    sheet, _ = sheet_specs.plan_sheet(AESTHETICS, "shapes", {"shape_type": "14", "strength": 1.0}, "en")
    assert [group.part for group in sheet.groups] == list(FACE_PARTS)
    shown = sheet_specs.render_sheet(sheet, [b"x"] * 26, "en")
    values = [json.loads(html.unescape(found)) for found in re.findall(r'data-action="([^"]*)"', shown)]
    assert [value for value in values if value[1]] == [[str(shape), 1.0] for shape in range(22)]
    assert [value for value in values if not value[1]] == [[None, 0.0]] * 4
    assert len(re.findall(r'aria-pressed="true"', shown)) == 1


def test_sheet_of_strengths_keeps_its_shape() -> None:
    """A cell sets the shape of the sheet too: another may have been chosen since it was drawn."""
    sheet, _ = sheet_specs.plan_sheet(AESTHETICS, "strengths", {"shape_type": "8", "strength": 0.5}, "en")
    first, *others = sheet.groups[0].cells
    assert first.values == {"strength": 0.0}
    assert {cell.values["shape_type"] for cell in others} == {"8"}
