"""Live beside offline on the page: two results, one failure, and nothing of it without keys; wide and narrow."""

import pytest
from playwright.sync_api import Page, expect

from browser.page_actions import Panel
from browser.tour import SETTLED, WRONG, heard_in
from meitu_demo.domain.translations import translate

pytestmark = pytest.mark.xdist_group("browser")
SIZES = ({"width": 1280, "height": 860}, {"width": 390, "height": 844})


def looks_right(page: Page, sizes=SIZES) -> None:
    """Nothing outside the window, clipped, hard to read or missing for assistive technology, wide and narrow, light and
    dark.
    """
    for size in sizes:
        page.set_viewport_size(size)
        for dark in (False, True):
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
            page.evaluate(SETTLED)
            assert page.evaluate(WRONG) == [], (size, dark)
            assert size != sizes[0] or heard_in(page, "dark" if dark else "light") == [], dark
    page.evaluate("document.body.classList.remove('dark')")
    page.set_viewport_size(sizes[0])


def run_both(panel: Panel) -> tuple:
    """Unfold, press, and wait for both ends; the two columns."""
    panel.part("live-vs-offline").locator("summary").click()
    panel.part("both").click()
    sides = panel.stage.locator(".side")
    for side in (sides.nth(0), sides.nth(1)):
        side.locator(".stage:is(.result, .failure)").wait_for()
    expect(panel.part("stop")).to_be_hidden()
    return sides.nth(0), sides.nth(1)


def test_live_vs_offline_shows_two_results_and_a_divider(visit, live_demo):
    """Both results show maker, time and size, side by side where there is room, else one below the other."""
    page = visit(live_demo, viewport=SIZES[0])
    panel = Panel(page, "facial-aesthetics").example().agree()
    live, offline = run_both(panel)
    for side, maker in ((live, "127.0.0.1, live"), (offline, "Offline engine")):
        expect(side.locator(".badge")).to_have_text(maker)
        assert " s" in side.locator(".facts").inner_text()
        assert "512×512" in side.locator(".facts").inner_text()
        assert side.locator(".whole").get_attribute("alt") == f"Facial Aesthetics: {maker}"
    expect(live.locator(".facts")).to_contain_text("One paid call")
    assert live.bounding_box()["y"] == offline.bounding_box()["y"]
    panel.stage.locator(".overlay summary").click()
    panel.stage.locator(".overlay input").press("ArrowRight")
    assert panel.stage.locator(".overlay .compare").evaluate("e => e.style.getPropertyValue('--at')") == "51%"
    looks_right(page)
    page.set_viewport_size(SIZES[1])
    assert live.bounding_box()["y"] + live.bounding_box()["height"] <= offline.bounding_box()["y"]
    live_again, _ = run_both_again(panel)
    expect(live_again.locator(".note")).to_contain_text("nothing was sent or charged twice")


def run_both_again(panel: Panel) -> tuple:
    panel.stage.locator(".sides").evaluate("old => { old.dataset.old = 1; }")
    panel.part("both").click()
    sides = panel.stage.locator(".sides:not([data-old]) .side:has(.whole)")
    expect(sides).to_have_count(2)
    return sides.nth(0), sides.nth(1)


def test_live_vs_offline_shows_a_failure_beside_a_result(visit, retired_demo, demo):
    """The vendor's 404 is explained beside the offline result; without keys there is no such section."""
    page = visit(retired_demo, viewport=SIZES[0], locale="zh-CN")
    panel = Panel(page, "facial-aesthetics").example().agree()
    live, offline = run_both(panel)
    assert live.locator("h2").inner_text() == translate("errors.api_retired.title", "zh")
    expect(offline.locator(".whole")).to_be_visible()
    looks_right(page)
    without = Panel(visit(demo, viewport=SIZES[0]), "face-fuse")
    expect(without.part("live-vs-offline")).to_be_hidden()
