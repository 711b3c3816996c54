"""The three-minute tour: what somebody is shown who has never seen the demo, from a photo to the stage."""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, expect

from browser.page_actions import SHOWN, History, Panel, Recipe
from browser.tour import SETTLED


def walk(page: Page, url: str) -> Iterator[tuple[str, str]]:
    """Do it on `page`, in whatever language and size; gives each stop's name, and a selector of what is new there."""
    panel = Panel(page, "facial-aesthetics").example()
    panel.part("check").locator(".check").wait_for()
    panel.part("preview").locator(".compare > img").wait_for()
    yield "photo", "#facial-aesthetics-photo"

    panel.part("see-shapes").click()
    panel.part("sheet").locator("[aria-busy=false]").wait_for()
    cells = panel.part("sheet").locator("li button")
    expect(cells).to_have_count(26)  # the original stands first in each of four groups
    yield "sheet", "#facial-aesthetics-sheet .sheet"

    drawn = panel.part("preview").locator(".compare > img").get_attribute("src")
    cells.nth(2).click()
    expect(cells.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(panel.part("preview").locator(".compare > img")).not_to_have_attribute("src", str(drawn))
    yield "preview", "#facial-aesthetics-photo"

    panel.run()
    yield "reshaped", "#facial-aesthetics-stage"
    panel.stage.locator(".moved summary").click()
    panel.stage.locator(".moved svg").wait_for()
    yield "moved", "#facial-aesthetics-stage .moved"

    panel.stage.locator(".use-in summary").click()
    panel.stage.locator(".use-in [data-target=quality_restoration]").click()
    restoration = Panel(page, "quality-restoration")
    expect(restoration.part("photo").locator(SHOWN)).to_have_attribute("src", re.compile(r"/result\.jpg$"))
    restoration.part("check").locator(".check").wait_for()
    restoration.run()
    yield "restored", "#quality-restoration-stage"

    recipe = Recipe(page)
    recipe.run()
    expect(recipe.stage.locator(".strip button")).to_have_count(4)
    yield "recipe", "#recipe-stage"

    history = History(page)
    history.choose(history.runs.count() - 1).put("put")
    yield "history", "#history-stage"

    panel = Panel(page, "quality-restoration")
    panel.stage.locator(".inspector > summary").click()
    panel.stage.locator(".program pre").first.wait_for()
    yield "inspector", "#quality-restoration-stage .inspector"

    page.goto(f"{url}/?stage=1")
    Panel(page, "face-fuse").example().run()
    yield "stage", "#face-fuse-stage"


def bring(page: Page, part: str) -> None:
    """Put the top of `part` into view where it is not all in it, the pointer aside, and wait until nothing moves."""
    page.mouse.move(3, 3)
    page.evaluate(
        """part => { document.activeElement.blur();
          const box = document.querySelector(part).getBoundingClientRect();
          if (box.top < 0 || box.bottom > innerHeight) scrollBy({top: box.top - 12, behavior: 'instant'}); }""",
        part,
    )
    page.evaluate(SETTLED)
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")  # and is drawn
