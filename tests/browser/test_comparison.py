"""Original and result by mouse, by keyboard and by finger: zoom, hold, views, and what moved."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from browser.page_actions import Panel
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

pytestmark = pytest.mark.xdist_group("browser")

CLIP = "box => getComputedStyle(box).clipPath"
PLACES = "frame => [...frame.querySelectorAll('img')].map(image => JSON.stringify(image.getBoundingClientRect()))"


# The next answer is none; without a line in the console, which a page is held to keep clean.
FAIL_ONCE = """status => { const real = window.fetch;
  window.fetch = async () => { window.fetch = real; return new Response('', {status}); }; }"""
STILL = """() => { const before = window.stoodAt; window.stoodAt = scrollY; return before === scrollY; }"""


class Comparison:
    """The comparison of a panel's result."""

    def __init__(self, panel: Panel) -> None:
        self.page: Page = panel.page
        self.frame, self.tools = panel.stage.locator(".compare"), panel.stage.locator(".tools")
        self.size, self.moved = self.tools.locator("output"), panel.stage.locator(".moved")

    def fitted(self) -> "Comparison":
        """All of the picture: a reshaped face fills the frame at first, and the divider goes through it."""
        expect(self.size).to_have_text(re.compile(r"^[23](\.\d)?×$"))
        assert self.frame.locator("input").input_value() == "50"
        self.tools.locator("[data-zoom=fit]").click()
        expect(self.size).to_have_text("1×")
        return self

    def clip(self) -> str:
        return str(self.frame.locator(".before").evaluate(CLIP))

    def place(self) -> str:
        """Where the pictures lie, which is the same for both."""
        self.page.evaluate("Promise.all(document.getAnimations().map(one => one.finished.catch(() => 0)))")
        one, other = self.frame.evaluate(PLACES)
        assert one == other
        return str(one)


def test_comparison_by_mouse(page):
    """The mouse zooms by button, wheel with Ctrl and double click, drags what is zoomed, holds and changes views."""
    panel = Panel(page, "facial-aesthetics").example().run()
    shown = Comparison(panel).fitted()
    room, fit = panel.stage.locator(".stage").bounding_box(), shown.place()
    shown.tools.locator("[data-zoom=in]").click()
    expect(shown.size).to_have_text("1.5×")
    box = shown.frame.bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 4
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(shown.size).to_have_text("4×")
    zoomed = shown.place()
    page.mouse.down()
    page.mouse.move(x + 60, y + 40, steps=3)
    page.mouse.up()
    assert shown.place() != zoomed
    assert shown.frame.locator("input").input_value() == "50"
    page.mouse.dblclick(x, y)
    expect(shown.size).to_have_text("1×")
    assert shown.place() == fit
    divided = shown.clip()
    hold = shown.tools.locator(".hold")
    hold.hover()
    page.mouse.down()
    expect(hold).to_have_attribute("aria-pressed", "true")
    assert shown.clip() == "none"
    page.mouse.up()
    assert shown.clip() == divided
    for view, clip in (("before", "none"), ("after", "inset(0px 100% 0px 0px)"), ("divider", divided)):
        shown.tools.locator(f"[data-view={view}]").click()
        assert shown.clip() == clip
        expect(shown.tools.locator("[data-view][aria-pressed=true]")).to_have_attribute("data-view", view)
    shown.moved.locator("summary").click()
    expect(shown.moved.locator("svg")).to_have_attribute("aria-label", re.compile("eyes are .* % larger"))
    assert panel.stage.locator(".stage").bounding_box() == room


def test_comparison_by_keyboard_and_after_deletion(visit, demo):
    """Every tool is reached by Tab and works by key; after everything is deleted, the folded view says so."""
    page = visit(demo, reduced_motion="reduce")
    shown = Comparison(Panel(page, "facial-aesthetics").example().run()).fitted()
    shown.frame.locator("input").focus()
    page.keyboard.press("ArrowLeft")
    assert shown.frame.locator("input").input_value() == "49"
    fit = shown.place()
    for key, size in (("+", "1.5×"), ("+", "2.3×"), ("-", "1.5×")):
        page.keyboard.press(key)
        expect(shown.size).to_have_text(size)
    zoomed = shown.place()
    page.keyboard.press("ArrowLeft")
    assert shown.place() != zoomed
    assert shown.frame.locator("input").input_value() == "49"
    page.keyboard.press("0")
    assert shown.place() == fit
    for _ in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(shown.tools.locator("[role=status]")).to_have_text("Shown: Original")
    assert shown.clip() == "none"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert shown.clip() == "inset(0px 100% 0px 0px)"
    page.keyboard.press("Tab")
    page.keyboard.down("Space")
    assert shown.clip() == "none"
    page.keyboard.up("Space")
    assert shown.clip() == "inset(0px 100% 0px 0px)"
    page.evaluate(FAIL_ONCE, 503)
    summary = shown.moved.locator("summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(shown.moved.locator(".found")).to_contain_text("could not be measured")
    page.evaluate(FAIL_ONCE, 404)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(shown.moved.locator(".found")).to_contain_text("have been deleted")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(shown.moved.locator("svg")).to_be_visible()


def test_comparison_by_finger(visit, demo):
    """On a phone two fingers zoom; one scrolls the page until then, and moves the picture afterwards."""
    page = visit(demo, device="phone", has_touch=True)
    panel = Panel(page, "facial-aesthetics").example().run()
    shown, touch = Comparison(panel).fitted(), page.context.new_cdp_session(page)
    panel.stage.locator(".stage").scroll_into_view_if_needed()
    page.wait_for_function(STILL, polling=250)  # the page glides to its result
    box = shown.frame.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3

    def fingers(kind: str, *points: tuple[float, float]) -> None:
        listed = [{"x": left, "y": top, "id": name} for name, (left, top) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": listed})

    top = page.evaluate("scrollY")
    fingers("Start", (x + 80, y + 100))
    for step in range(1, 9):
        fingers("Move", (x + 80, y + 100 + 12 * step))
    fingers("End")
    page.wait_for_function("top => scrollY !== top", arg=top)
    expect(shown.size).to_have_text("1×")
    page.evaluate("top => scrollTo({top, behavior: 'instant'})", top)
    fingers("Start", (x - 30, y), (x + 30, y))
    for step in range(1, 7):
        fingers("Move", (x - 30 - 10 * step, y), (x + 30 + 10 * step, y))
    fingers("End")
    expect(shown.size).to_have_text("3×")
    assert shown.frame.locator("input").input_value() == "50"
    zoomed = shown.place()
    page.wait_for_function(STILL, polling=250)
    stood = page.evaluate("scrollY")
    fingers("Start", (x - 60, y - 40))
    for step in range(1, 5):
        fingers("Move", (x - 60, y - 40 - 12 * step))
    fingers("End")
    assert shown.place() != zoomed
    assert page.evaluate("scrollY") == stood


def test_finger_that_scrolls_leaves_the_divider_of_the_example(visit, demo):
    """The example has no tools; its divider follows a finger that goes sideways and no other."""
    page = visit(demo, device="phone", has_touch=True)
    panel, touch = Panel(page, "quality-restoration"), page.context.new_cdp_session(page)
    divider = panel.stage.locator(".example input")
    expect(divider).to_be_visible()  # the pictures are there
    box = divider.bounding_box()

    def swipe(across: int, down: int) -> None:
        for step in range(9):
            point = {"x": box["x"] + 100 + across * step, "y": box["y"] + 200 + down * step}
            touch.send(
                "Input.dispatchTouchEvent", {"type": "touchMove" if step else "touchStart", "touchPoints": [point]}
            )
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    swipe(12, 0)
    expect(divider).not_to_have_value("50")
    moved_to = divider.input_value()
    swipe(0, -12)
    page.wait_for_function("scrollY > 0")
    assert divider.input_value() == moved_to


def test_comparison_shows_that_its_pictures_are_loading(page):
    """On a slow line there is a spinner in the result's place, and no divider, until both pictures have arrived."""
    spinner = "frame => getComputedStyle(frame, '::before').content !== 'none'"
    waiting, is_slow = [], True
    page.route(re.compile("/kept/"), lambda route: waiting.append(route) if is_slow else route.continue_())
    panel = Panel(page, "quality-restoration").example().run()
    frame = panel.stage.locator(".compare")
    assert frame.evaluate(spinner)
    expect(frame.locator("input")).to_be_hidden()
    is_slow = False
    for route in waiting:
        route.continue_()
    page.wait_for_function(f"() => !({spinner})(document.querySelector('#quality-restoration-stage .compare'))")
    expect(frame.locator("input")).to_be_visible()


def test_comparison_of_a_high_photo_is_as_large_as_its_preview(page):
    """A reshaped face on a high, narrow photo is looked at in the preview's frame, not in a strip."""
    high = codec.encode(np.pad(load_astronaut()[:, 100:400], ((0, 300), (0, 0), (0, 0)), mode="edge"))
    panel = Panel(page, "facial-aesthetics").upload({"name": "high.jpg", "mimeType": "image/jpeg", "buffer": high})
    preview = panel.part("preview").locator(".compare")
    preview.locator("> img").wait_for()
    room = preview.bounding_box()
    panel.run()
    assert panel.stage.locator(".compare").bounding_box() == pytest.approx(room, abs=1)
