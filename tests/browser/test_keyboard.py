"""By keyboard alone: every panel from photo to download, the recipe's list and the history; and nothing that moves."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.chromium import MAX_WAIT_MS
from browser.page_actions import SHOWN, Panel

pytestmark = pytest.mark.xdist_group("browser")

# How the focus is marked, "" where it is not: an outline, or a frame in the accent's colour. The divider's mark is on
# its thumb, which no script can ask for; that it has one is in the style.
MARK = """() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  if (at === document.body || box.width < 1 || box.height < 1 || box.bottom < 0 || box.top > innerHeight) return '';
  if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) return 'outline';
  const accent = getComputedStyle(document.querySelector('.run')).backgroundColor;
  for (let e = at, steps = 0; e && steps < 4; e = e.parentElement, steps++) {
    const {borderTopColor, boxShadow} = getComputedStyle(e);
    if ([borderTopColor, boxShadow].some(colour => colour.includes(accent))) return 'frame';
  }
  return at.matches('.compare input') ? 'thumb' : '';
}"""
RUNNING = """() => document.getAnimations().filter(a => a.playState === 'running').map(a =>
  `${a.animationName ?? a.transitionProperty} on ${a.effect.target?.className}`)"""


class Keys:
    """A page that is touched by keys only."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, target: Locator, key: str = "Tab", most: int = 45) -> "Keys":
        """Press `key` until `target` has the focus. At each stop the focus can be seen."""
        for _ in range(most):
            self.page.keyboard.press(key)
            mark, is_there = target.evaluate(f"target => [({MARK})(), target === document.activeElement]")
            assert mark, f"the focus is lost or unmarked: {self.where()}"
            if is_there:
                return self
        raise AssertionError(f"{target} is not reached; the focus is on {self.where()}")

    def press(self, *keys: str) -> "Keys":
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def where(self) -> str:
        return str(self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)"))


def opened(keys: Keys, slug: str, key: str = "Tab") -> Panel:
    """The panel, once its tab has been reached and pressed."""
    keys.to(keys.page.locator(f"#{slug}-tab-button"), key).press("Enter")
    panel = object.__new__(Panel)  # a Panel opens itself by mouse
    panel.page, panel.slug = keys.page, slug
    panel.run_button.wait_for()
    return panel


def downloaded(keys: Keys, panel: Panel) -> str:
    """Run, look at both pictures by their tools, and download; the file's name."""
    with panel.ending():
        keys.to(panel.run_button).press("Enter")
    expect(panel.run_button).to_be_focused()  # the stage's content has been replaced, and the focus has not moved
    expect(keys.page.locator("body > [role=status]")).to_have_text(re.compile("Result of .* · Offline engine"))
    divider = panel.stage.locator(".compare input:visible")
    keys.to(divider).press("0", "ArrowLeft", "ArrowLeft")  # 0: all of a reshaped face's photo, whose arrows pan
    assert divider.input_value() == "48"
    keys.to(panel.stage.locator("[data-view=before]:visible")).press("Space")
    expect(panel.stage.locator(".compare:visible")).to_have_attribute("data-view", "before")
    keys.to(panel.stage.locator("[data-zoom=in]:visible")).press("Enter")
    expect(panel.stage.locator(".zooms output:visible")).to_have_text("1.5×")
    keys.to(panel.stage.locator(".facts .download:visible"))
    with keys.page.expect_download() as caught:
        keys.press("Enter")
    return caught.value.suggested_filename


def test_keyboard_reaches_everything_from_photo_to_download(visit, demo, pictures):
    """A file by the file chooser, a template, a version, a shape and its strength, a recipe's step, a run shown again;
    whatever goes away or is drawn anew, the focus stays with the person and can be seen. Under reduced motion nothing
    on the way moves.
    """
    page = visit(demo, viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    keys = Keys(page)

    panel = opened(keys, "face-fuse")
    keys.to(panel.part("photo").locator("button").first)
    choosers: list[object] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    for _ in range(MAX_WAIT_MS // 500):  # Gradio's button is on the page before it listens
        keys.press("Enter")
        page.wait_for_timeout(500)
        if choosers:
            break
    assert choosers
    keys.to(panel.part("example")).press("Enter")
    panel.part("photo").locator(SHOWN).wait_for()
    panel.part("check").locator(".check").wait_for()
    keys.to(panel.part("photo").locator(".icon-button-wrapper button"), "Shift+Tab").press("Enter")
    expect(panel.part("photo").locator("button").first).to_be_focused()  # where the removed photo was
    keys.to(panel.part("example")).press("Space")
    panel.part("check").locator(".check").wait_for()
    keys.to(panel.part("template-id-gallery").get_by_role("button", name="Diving helmet")).press("Enter")
    expect(panel.part("template-id").get_by_role("combobox")).to_have_value(re.compile("^Diving helmet"))
    assert "diving_helmet" in downloaded(keys, panel)

    panel = opened(keys, "facial-aesthetics", "Shift+Tab")
    panel.part("check").locator(".check").wait_for()  # the photo came along
    panel.part("preview").locator(".compare > img").wait_for()
    shape = panel.part("shape-type").get_by_role("combobox")
    keys.to(shape).press("ArrowDown", "ArrowDown", "Enter")
    expect(shape).to_have_value(re.compile("^10 "))
    keys.to(panel.part("strength").locator("input[type=range]")).press("ArrowRight")
    keys.to(panel.part("see-strengths")).press("Enter")
    panel.part("sheet").locator("[aria-busy=false]").wait_for()
    expect(panel.part("see-strengths")).to_be_focused()
    assert page.evaluate(RUNNING) == []
    assert downloaded(keys, panel).startswith("facial-aesthetics_10_")
    keys.to(panel.stage.locator(".moved summary")).press("Enter")
    panel.stage.locator(".moved svg").wait_for()

    panel = opened(keys, "anime-avatar", "Shift+Tab")
    version = panel.part("version").get_by_role("combobox")
    keys.to(version).press("ArrowDown", "Enter")
    assert downloaded(keys, panel).startswith("anime-avatar")

    panel = opened(keys, "recipe", "Shift+Tab")
    keys.to(panel.part("list").locator("[data-step='2'] [data-act=up]")).press("Enter")
    expect(panel.part("list").locator("[data-step='1'] [data-act=up]")).to_be_focused()
    assert downloaded(keys, panel)

    keys.to(page.locator("#history-tab-button"), "Shift+Tab").press("Enter")
    run = page.locator("#history-list [data-run]").nth(1)
    run.wait_for()
    keys.to(run).press("Enter")
    expect(run).to_have_attribute("aria-current", "true")
    expect(run).to_be_focused()
    keys.to(page.locator("#delete-data")).press("Enter")
    page.locator("#delete-data-message p").wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate(MARK), keys.where()
    assert page.evaluate(RUNNING) == []
