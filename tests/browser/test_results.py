"""Every panel gives a real result for the example photo, and the comparison can be moved."""

import re
from itertools import pairwise

import numpy as np
import pytest

from meitu_demo.imaging import codec

from .screens import SLUGS, Panel

pytestmark = pytest.mark.xdist_group("browser")


def test_every_panel_turns_the_example_into_a_result(page):
    """A click on the example and one on the button show before and after, say who made it, and the download is the
    picture on the screen under a name that says what it is."""
    for slug in SLUGS:
        panel = Panel(page, slug).example().run()
        assert panel.stage.locator(".result").count() == 1, panel.stage.inner_text()
        before, after = panel.pictures()
        width, height = codec.size_of(after)
        assert codec.size_of(before)[0] * height == codec.size_of(before)[1] * width
        assert before != after
        facts = panel.stage.locator(".facts").inner_text()
        assert "Offline engine" in facts
        assert f"{width}×{height}" in facts
        assert re.search(r"\d+\.\d\d s", facts)
        with page.expect_download() as caught:
            panel.stage.locator(".download").click()
        assert re.fullmatch(rf"{slug}(_[\w.-]+)?_\d{{8}}-\d{{6}}\.(jpg|png|webp)", caught.value.suggested_filename)
        assert caught.value.path().read_bytes() == after


def test_the_comparison_follows_mouse_and_arrow_keys(page):
    """Dragging the divider and pressing arrow keys uncover more or less of the photo; the button is reached by Tab."""
    panel = Panel(page, "facial-aesthetics").example()
    panel.part("strength").locator("input[type=range]").focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        if panel.run_button.evaluate("button => button === document.activeElement"):
            break
    with panel.ending():
        page.keyboard.press("Enter")

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


def test_a_result_can_be_run_again_with_another_strength(page):
    """Strength is really sent: nothing changes at 0, much at 1."""
    panel = Panel(page, "facial-aesthetics").example()
    changed = []
    for strength in ("0", "1"):
        panel.part("strength").locator("input[type=number]").fill(strength)
        page.keyboard.press("Tab")
        panel.run()
        before, after = (codec.decode(data).astype(float) for data in panel.pictures())
        changed.append(np.abs(after - before).mean())
    assert changed[1] > 3 * changed[0]
