"""A recipe on the page, by mouse and by keyboard: run, changed, saved, loaded, and its result used elsewhere."""

import json
import re

import httpx
import pytest
from playwright.sync_api import expect

from browser.page_actions import SHOWN, Panel, Recipe
from meitu_demo.photos import codec

pytestmark = pytest.mark.xdist_group("browser")


def test_recipe_from_the_first_click_to_another_panel(page):
    """The example runs as it is; steps are moved, switched and removed by keyboard; a file brings them back; a refused
    one changes nothing; the result goes on to another panel as its photo, and the other panels keep theirs."""
    recipe = Recipe(page)
    recipe.example().run()
    expect(recipe.stage.locator(".strip button")).to_have_count(4)
    expect(recipe.stage.locator(".view:visible .facts")).to_contain_text("1024×1024")
    whole = recipe.stage.locator(".view:visible .compare > img").get_attribute("src")
    recipe.stage.locator(".strip button").nth(1).press("Enter")
    expect(recipe.stage.locator(".view:visible .facts")).to_contain_text("512×512")
    assert recipe.stage.locator(".view:visible .compare > img").get_attribute("src") != whole

    with page.expect_download() as caught:
        recipe.part("save").click()
    saved = caught.value.path().read_text("utf-8")
    assert caught.value.suggested_filename == "recipe.json"
    assert [step["on"] for step in json.loads(saved)["steps"]] == [True] * 3
    assert "photo" not in saved

    recipe.step(2).locator("[data-act=up]").focus()
    page.keyboard.press("Enter")
    expect(recipe.step(1).locator("b")).to_have_text("Quality Restoration")
    expect(recipe.step(1).locator("[data-act=up]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(recipe.step(0).locator("b")).to_have_text("Quality Restoration")
    recipe.step(0).get_by_role("switch").focus()
    page.keyboard.press("Space")
    expect(recipe.step(0)).to_contain_text("switched off")
    expect(recipe.step(0).get_by_role("switch")).to_be_focused()
    recipe.step(1).locator("[data-act=remove]").click()
    expect(recipe.part("list").locator(".step b")).to_have_text(["Quality Restoration", "Slim jaw 0.3"])
    recipe.load('{"recipe": 1, "steps": [{"endpoint": "nobody"}]}')
    expect(recipe.part("message")).to_contain_text("Step 1 asks for “nobody”")
    recipe.load("x" * 200_000)
    expect(recipe.part("message")).to_contain_text("too large")
    assert recipe.names == ["Quality Restoration", "Slim jaw 0.3"]
    recipe.run()
    expect(recipe.stage.locator(".strip")).to_have_count(0)  # the only step that is on is the whole
    recipe.load(saved)
    expect(recipe.part("list").locator(".step b")).to_have_text(
        ["Bigger eyes 0.4", "Slim jaw 0.3", "Quality Restoration"]
    )

    recipe.part("preview").locator(".last-result").click()
    after = httpx.get(recipe.stage.locator(".compare > img").evaluate("image => image.src")).content
    menu = recipe.stage.locator(".use-in")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="Face Fuse")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Face Fuse")).to_be_hidden()
    menu.locator("summary").click()
    menu.get_by_role("button", name="Facial Aesthetics").click()
    expect(page.get_by_role("tab", name="Facial Aesthetics")).to_have_attribute("aria-selected", "true")
    panel = Panel(page, "facial-aesthetics")
    photo = panel.part("photo").locator(SHOWN)
    expect(photo).to_have_attribute("src", re.compile(r"/result\.jpg$"))  # and no more the one that all panels share
    assert httpx.get(photo.evaluate("image => image.src")).content == after
    panel.part("check").locator(".check").wait_for()
    panel.run()
    assert codec.read_size(panel.pictures()[1]) == (512, 512)
    sent = photo.get_attribute("src")
    Panel(page, "face-fuse").example()
    assert Panel(page, "facial-aesthetics").part("photo").locator(SHOWN).get_attribute("src") == sent


def test_send_to_panel_says_that_a_result_has_expired(page):
    """Sending on an expired result is explained from any panel; the tab stays, the message until it is closed."""
    panel = Panel(page, "quality-restoration").example().run()
    button = panel.stage.locator(".use-in button[data-target=recipe]")
    button.evaluate("button => { button.dataset.token = 'x'; }")
    panel.stage.locator(".use-in summary").click()
    button.click()
    expect(page.locator("#send-to-panel-message")).to_contain_text("This result is no longer here.")
    expect(page.get_by_role("tab", name="Quality Restoration")).to_have_attribute("aria-selected", "true")
    page.locator("#send-to-panel-message").get_by_role("button", name="Close").click()
    expect(page.locator("#send-to-panel-message .notice")).to_have_count(0)


def test_recipe_survives_a_reload(page):
    """The recipe is restored after a reload, also if its tab was not opened; tampered storage is explained."""
    recipe = Recipe(page)
    recipe.step(0).locator("[data-act=remove]").click()
    expect(recipe.part("list").locator(".step b")).to_have_text(["Slim jaw 0.3", "Quality Restoration"])
    for _ in range(2):
        page.reload()
        Panel(page, "face-fuse").run_button.wait_for()
    recipe = Recipe(page)
    expect(recipe.part("list").locator(".step b")).to_have_text(["Slim jaw 0.3", "Quality Restoration"])
    page.evaluate("sessionStorage.recipe = 'no recipe'")
    page.reload()
    recipe = Recipe(page)
    expect(recipe.part("list")).to_contain_text("This is not a recipe.")
    recipe.part("list").get_by_role("button", name="Use the example recipe").click()
    expect(recipe.part("list").locator(".step")).to_have_count(3)


def test_recipe_preview_follows_photo_and_steps(page):
    """The photo of another panel is previewed in place of the example; a changed step, also after a run."""
    Panel(page, "face-fuse").example()
    recipe = Recipe(page)
    preview = recipe.part("preview").locator(".facts > span:not(.badge)")
    expect(preview).to_have_text("Bigger eyes 0.4 · Slim jaw 0.3 · Quality Restoration")
    expect(recipe.stage.locator(".example")).to_be_hidden()
    recipe.step(0).get_by_role("switch").click()
    expect(preview).to_have_text("Slim jaw 0.3 · Quality Restoration")
    recipe.run()
    expect(preview).to_be_hidden()
    recipe.step(1).locator("[data-act=remove]").click()
    expect(preview).to_have_text("Quality Restoration")
    recipe.part("preview").locator(".last-result").click()
    expect(preview).to_be_hidden()
    expect(recipe.stage.locator(".view:visible .compare")).to_be_visible()


def test_failure_lab_dims_the_result_of_other_settings(page):
    """As soon as a setting differs, and no longer once it is run; without a photo, the run takes the example."""
    lab = Panel(page, "failure-lab").run()
    choose = page.locator("#failure-lab-fault input")
    choose.click()
    page.get_by_role("option").first.click()
    expect_dimmed(lab, True)
    expect_dimmed(lab.run(), False)


def expect_dimmed(panel, is_dimmed):
    """The result is less than opaque, or not."""
    page_js = (
        """([id, isDimmed]) => (getComputedStyle(document.querySelector(`#${id} .stage`)).opacity < 1) === isDimmed"""
    )
    panel.page.wait_for_function(page_js, arg=[f"{panel.slug}-stage", is_dimmed])
