"""Contact sheets in the browser: all choices at once, choosing by cell, and the live preview."""

import re
import threading

import pytest
from playwright.sync_api import expect

from browser.chromium import MAX_WAIT_MS
from browser.page_actions import Panel
from meitu_demo.domain.translations import translate
from meitu_demo.domain.vendor_codes import load_shapes
from meitu_demo.ui import face_crop_cache

pytestmark = pytest.mark.xdist_group("browser")
IN_VIEW = """selector => { const box = document.querySelector(selector).getBoundingClientRect();
  return box.height > 100 && box.top >= 0 && box.bottom <= innerHeight; }"""


def test_contact_sheet_sets_controls_and_preview_follows(page):
    """A click or Enter on a cell sets shape and strength; the preview follows; another photo ends the sheet."""
    panel = Panel(page, "facial-aesthetics")
    panel.example()
    look = panel.part("preview").locator(".compare > img")
    look.wait_for()
    before = look.get_attribute("src")
    cells = open_sheet(panel, "shapes")
    expect(cells).to_have_count(26)  # 22 shapes, and the original first of face, eyes, nose and mouth
    expect(panel.part("sheet").locator("h3")).to_have_text(["Face", "Eyes", "Nose", "Mouth"])
    expect(pressed(panel)).to_have_count(0)  # strength is 0.5, and the pictures show 1
    original = cells.nth(17).locator(".original")
    expect(original).to_be_hidden()
    cells.nth(17).hover()
    original.wait_for()
    cells.nth(17).click()
    expect(panel.part("shape-type").get_by_role("combobox")).to_have_value(re.compile("^14 "))
    name = translate(f"shapes.{load_shapes()[14].key}.name", "en")
    panel.part("preview").locator(f"img[alt*='{name}']").wait_for()
    expect(look).not_to_have_attribute("src", before)
    expect(pressed(panel)).to_have_text([f"14 · {name}"])
    slider = panel.part("strength").locator("input[type=range]")
    expect(slider).to_have_value("1")
    page.wait_for_function(IN_VIEW, arg="#facial-aesthetics-preview .stage")

    cells = open_sheet(panel, "strengths")
    cells.nth(3).focus()
    page.keyboard.press("Enter")
    panel.part("preview").locator("img[alt$='Strength 0.6']").wait_for()
    expect(slider).to_have_value("0.6")

    box = slider.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + box["height"] / 2)
    page.mouse.down()
    for share in (0.5, 0.4, 0.3, 0.2):
        page.mouse.move(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
    panel.part("preview").locator("img[alt$='Strength 0.2']").wait_for()  # while it is still held
    page.mouse.up()
    expect(pressed(panel)).to_have_text(["0.2"])

    panel.clear()
    panel.part("sheet").locator(".sheet").wait_for(state="detached")


def open_sheet(panel, kind):
    """Its cells, once all pictures are there."""
    panel.part(f"see-{kind}").click()
    panel.part("sheet").locator(f".sheet.{kind} [aria-busy=false]").wait_for()
    return panel.part("sheet").locator("li button")


def pressed(panel):
    """The captions of the cells that are marked as chosen."""
    return panel.part("sheet").locator("[aria-pressed=true] > span")


def test_contact_sheet_goes_with_its_photo(page, monkeypatch):
    """Removing the photo removes its contact sheet, also one that is still being drawn."""
    panel = Panel(page, "facial-aesthetics")
    gate, begun, look = threading.Event(), threading.Event(), face_crop_cache.crop_face

    def held(*given):
        begun.set()
        assert gate.wait(MAX_WAIT_MS / 1000)
        return look(*given)

    monkeypatch.setattr(face_crop_cache, "crop_face", held)
    panel.example()
    panel.part("see-shapes").click()
    panel.part("sheet").locator(".sheet [aria-busy=true]").wait_for()
    assert begun.wait(MAX_WAIT_MS / 1000)
    panel.clear()
    panel.part("sheet").locator(".sheet").wait_for(state="detached")
    gate.set()
    other = Panel(page, "face-fuse")
    other.clear()  # the photo that it was lent, whose preview would be taken for that of the next
    other.part("preview").locator(".result").wait_for(state="detached")
    other.example()  # by the time that this is there, the other would have been
    other.part("preview").locator(".result").wait_for()
    assert panel.part("sheet").locator(".sheet").count() == 0
