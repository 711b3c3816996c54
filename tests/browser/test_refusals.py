"""What goes wrong stays on the screen: what happened, why, what to do, and the vendor's code."""

import os

import numpy as np
import pytest
from playwright.sync_api import expect

from browser.page_actions import SHOWN, Panel
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

pytestmark = pytest.mark.xdist_group("browser")


def refused(panel: Panel, *, title: str, code: str = "") -> None:
    """The explanation is there, whole, alone, and of the page's own making."""
    block = panel.stage.locator(".failure")
    assert block.locator("h2").inner_text() == title
    why, fix = block.locator("p").all_inner_texts()
    assert len(why) > 20
    assert len(fix) > 20
    assert code in block.locator("dl").first.inner_text()
    expect(panel.page.locator("[data-testid=toast-body]")).to_have_count(0)
    expect(panel.page.locator("[data-testid=status-tracker]:visible")).to_have_count(0)
    text = panel.page.locator("body").inner_text()
    for internal in ("Traceback", os.environ["GRADIO_TEMP_DIR"], "/tmp/", "site-packages", "meitu_demo"):
        assert internal not in text


def test_run_without_a_photo_takes_the_example_that_is_shown(page):
    """The button and a control mean the example that is in place; whoever has taken their photo away is asked for one,
    and that refusal goes with the next photo.
    """
    panel = Panel(page, "facial-aesthetics").run()
    assert panel.stage.locator(".result").count() == 1, panel.stage.inner_text()
    assert panel.part("photo").locator(SHOWN).count() == 1
    panel.clear()
    refused(panel.run(), title="Choose a photo first.")
    panel.example()
    panel.part("preview").locator(".compare > img").wait_for()
    expect(panel.stage.locator(".failure")).to_be_hidden()
    panel.run()
    panel.part("example-coffee").click()
    panel.part("check").locator(".check.refuse").wait_for()
    panel.run()
    expect(panel.stage.locator(".failure")).to_be_visible()
    panel.clear()
    panel.part("preview").locator(".stage.example").wait_for()
    expect(panel.stage.locator(".failure")).to_be_hidden()


def test_run_refuses_pictures_without_a_whole_face(page, faceless):
    """A picture without a face and one with half a face are refused, each with the vendor's code."""
    coffee = {"name": "coffee.jpg", "mimeType": "image/jpeg", "buffer": faceless}
    title = "No face was found in this photo."
    refused(Panel(page, "face-fuse").upload(coffee).run(), title=title, code="20003")
    refused(Panel(page, "facial-aesthetics").upload(coffee).run(), title=title, code="ERROR_NO_FACE_IN_FILE")
    half = codec.encode(np.ascontiguousarray(load_astronaut()[:, 215:]))
    panel = Panel(page, "face-fuse").upload({"name": "half.jpg", "mimeType": "image/jpeg", "buffer": half}).run()
    refused(panel, title="The face is cut off at the edge of the photo.", code="20020")


def test_run_explains_files_that_are_no_whole_photos(page, astronaut_jpeg):
    """A text file by whatever name, and a photo whose end is missing."""
    panel = Panel(page, "quality-restoration")
    diary = b"Dear diary, this is no photo at all.\n" * 20
    for name, kind in (("holiday.jpg", "image/jpeg"), ("diary.txt", "text/plain")):
        panel.upload({"name": name, "mimeType": kind, "buffer": diary}).run()
        refused(panel, title="This kind of file is not supported.")
    half = astronaut_jpeg[: len(astronaut_jpeg) // 2]
    panel.upload({"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": half}).run()
    refused(panel, title="The photo is incomplete.")
