"""Every panel gives a real result for the example photo, and the comparison can be moved."""

import re
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import expect

from browser.page_actions import SLUGS, Panel
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance

pytestmark = pytest.mark.xdist_group("browser")


def test_panel_turns_the_example_into_a_result(page):
    """A click on the example and one on the button show before and after, say who made it, and the download is the
    same result, labelled, under a name that says what it is."""
    for slug in SLUGS:
        panel = Panel(page, slug).example().run()
        assert panel.stage.locator(".result").count() == 1, panel.stage.inner_text()
        before, after = panel.pictures()
        width, height = codec.read_size(after)
        assert codec.read_size(before)[0] * height == codec.read_size(before)[1] * width
        assert before != after
        facts = panel.stage.locator(".facts").inner_text()
        assert "Offline engine" in facts
        assert f"{width}×{height}" in facts
        assert re.search(r"\d+\.\d\d s", facts)
        with page.expect_download() as caught:
            panel.stage.locator(".facts .download").click()
        assert re.fullmatch(rf"{slug}(_[\w.-]+)?_\d{{8}}-\d{{6}}\.(jpg|png|webp)", caught.value.suggested_filename)
        leaving = caught.value.path().read_bytes()
        assert read_provenance(leaving) == read_provenance(after)  # the same result, and one carries a label


def test_divider_follows_mouse_and_arrow_keys(page):
    """Dragging the divider and pressing arrow keys uncover more or less of the photo; the button is reached by Tab."""
    panel = Panel(page, "facial-aesthetics").example()
    panel.part("strength").locator("input[type=range]").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        if panel.run_button.evaluate("button => button === document.activeElement"):
            break
    with panel.ending():
        page.keyboard.press("Enter")

    panel.stage.locator("[data-zoom=fit]").click()  # a reshaped face opens enlarged, and a drag moves the picture
    handle = panel.stage.locator(".compare input")
    covered = panel.stage.locator(".compare .before")
    box = handle.bounding_box()
    clips = [covered.evaluate("box => getComputedStyle(box).clipPath")]
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 3, steps=3)
    page.mouse.up()
    clips.append(covered.evaluate("box => getComputedStyle(box).clipPath"))
    assert float(handle.input_value()) == pytest.approx(80, abs=6)
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    clips.append(covered.evaluate("box => getComputedStyle(box).clipPath"))
    assert all(one != other for one, other in pairwise(clips)), clips


def test_run_again_sends_another_strength(page):
    """Another strength is really sent: nothing changes at 0, much at 1."""
    panel = Panel(page, "facial-aesthetics").example()
    changed = []
    for strength in ("0", "1"):
        panel.part("strength").locator("input[type=number]").fill(strength)
        page.keyboard.press("Tab")
        panel.run()
        before, after = (codec.decode(data).astype(int) for data in panel.pictures())
        changed.append(np.count_nonzero(np.abs(after - before) > 8))  # levels; encoding alone changes at most 4
    assert changed[0] == 0
    assert changed[1] > 1000


def test_inspector_shows_wire_and_code_of_a_result(visit, demo):
    """The inspector is folded at first; keys are variables, and programs in three languages can be copied."""
    page = visit(demo, permissions=["clipboard-read", "clipboard-write"])
    panel = Panel(page, "facial-aesthetics").example().run()
    section = panel.stage.locator("details.inspector")
    expect(section.locator("pre").first).to_be_hidden()
    section.locator("summary").first.click()
    expect(section.locator("pre").first).to_contain_text("ailabapi-api-key: $AILAB_API_KEY")
    section.locator("button.copy").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("#!/bin/sh")
    assert "shape_type=8" in copied


def test_inspector_shows_the_wire_of_a_refusal(page, pictures):
    """The inspector shows the vendor's answer to a refused run as it came."""
    file = pictures / "grey.jpg"
    file.write_bytes(codec.encode(np.full((300, 300, 3), 128, np.uint8)))
    panel = Panel(page, "face-fuse").upload(file).run()
    panel.stage.locator("details.inspector summary").first.click()
    expect(panel.stage.locator("details.inspector")).to_contain_text('"ErrorCode": 20003')
