"""The address names tab and settings: a link opens them, Back and Forward return to them, a reload keeps them."""

import base64
import re

import pytest
from playwright.sync_api import Page, expect

from browser.page_actions import SHOWN, Panel
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

pytestmark = pytest.mark.xdist_group("browser")
PASTE = """([text, selector]) => { const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  const data = new DataTransfer();
  data.items.add(new File([bytes], 'pasted.jpg', {type: 'image/jpeg'}));
  document.querySelector(selector).dispatchEvent(
    new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})); }"""

# What changes in an element from now on.
DRAWN = """id => { const seen = [], watch = new MutationObserver(changes => seen.push(...changes));
  watch.observe(document.getElementById(id), {childList: true, subtree: true}); return seen; }"""


def shows(page: Page, slug: str, shape: str = "", strength: str = "") -> Panel:
    """Waits until this tab is open, with these settings."""
    expect(page.locator(f"#{slug}-tab-button")).to_have_attribute("aria-selected", "true")
    panel = object.__new__(Panel)  # a Panel opens itself by mouse
    panel.page, panel.slug = page, slug
    if shape:
        expect(panel.part("shape-type").get_by_role("combobox")).to_have_value(re.compile(f"^{shape} "))
        expect(panel.part("strength").locator("input[type=number]")).to_have_value(strength)
    return panel


def test_link_opens_the_panel_with_its_settings_on_the_example(visit, demo):
    """The example is shown with the link's settings; values that no control accepts are ignored without a word."""
    page = visit(f"{demo}/#facial-aesthetics?shape=13&strength=0.35", ready="#facial-aesthetics-run")
    panel = shows(page, "facial-aesthetics", "13", "0.35")
    panel.part("preview").locator("img[alt*='Strength 0.35']").wait_for()
    page = visit(f"{demo}/#facial-aesthetics?shape=99&strength=nan&<b>=1", ready="#facial-aesthetics-run")
    shows(page, "facial-aesthetics", "8", "0.5").stage.locator(".example").wait_for()
    assert page.locator("[data-testid=toast-body]").count() == 0
    page = visit(f"{demo}/#verify", ready="#verify-run")
    expect(page.locator("#developer-tab-button")).to_have_attribute("aria-selected", "true")
    page = visit(f"{demo}/#nobody?shape=1")
    shows(page, "face-fuse")


def test_back_forward_and_reload_keep_tab_settings_and_photo(page):
    """Each tab is a step back; sliding is none. A preview is drawn once: going to and fro asks for no other."""
    page.goto(f"{page.url}?lang=en")  # which the address keeps
    page.wait_for_selector("#face-fuse-run")
    panel = Panel(page, "facial-aesthetics").example()
    panel.part("strength").locator("input[type=range]").fill("0.8")
    panel.part("preview").locator("img[alt*='Strength 0.8']").wait_for()
    expect(page).to_have_url(re.compile(r"/\?lang=en#facial-aesthetics\?shape=8&strength=0\.8$"))
    address = panel.part("photo").locator(SHOWN).get_attribute("src")
    page.locator("#recipe-tab-button").click()
    expect(page).to_have_url(re.compile("#recipe$"))
    drawn = page.evaluate_handle(DRAWN, "facial-aesthetics-preview")
    page.go_back()
    shows(page, "facial-aesthetics", "8", "0.8")
    page.go_back()
    shows(page, "face-fuse")
    page.go_forward()
    shows(page, "facial-aesthetics", "8", "0.8")
    panel.part("check").locator(".check").wait_for()
    page.wait_for_timeout(300)
    assert drawn.evaluate("seen => seen.length") == 0
    page.reload()
    panel = shows(page, "facial-aesthetics", "8", "0.8")
    expect(panel.part("photo").locator(SHOWN)).to_have_attribute("src", address)
    panel.part("preview").locator("img[alt*='Strength 0.8']").wait_for()
    page.locator("#delete-data").click()
    page.locator("#delete-data-message p").wait_for()
    page.reload()
    shows(page, "facial-aesthetics", "8", "0.8").part("photo").locator(SHOWN).wait_for()  # the example, as for any link
    assert panel.part("photo").locator(SHOWN).get_attribute("src") != address


def test_typed_template_id_stays_out_of_the_address(page):
    """A key that was pasted into the wrong field is in no address, and so in no browser's history."""
    panel = Panel(page, "face-fuse").example()
    panel.part("template-id-gallery").get_by_role("button").nth(2).click()
    expect(page).to_have_url(re.compile(r"#face-fuse\?template="))
    field = panel.part("template-id").get_by_role("combobox")
    field.click()
    field.fill("a-key-of-somebody")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page).not_to_have_url(re.compile("template="))
    assert "somebody" not in page.url


def test_paste_takes_a_photo_anywhere_but_in_a_text_field(page):
    """Ctrl+V on the page gives the open panel its photo, in place of the one that is there."""
    picture = base64.b64encode(codec.encode(load_astronaut()[:300, 100:400])).decode()
    panel = Panel(page, "facial-aesthetics").example()
    page.evaluate(PASTE, [picture, "#facial-aesthetics-strength input[type=number]"])
    page.wait_for_timeout(300)
    assert "astronaut.jpg" in panel.part("photo").locator(SHOWN).get_attribute("src")
    page.evaluate(PASTE, [picture, "#facial-aesthetics-preview"])
    expect(panel.part("photo").locator(SHOWN)).to_have_attribute("src", re.compile("pasted.jpg$"))
    panel.part("preview").locator(".compare > img").wait_for()


def test_chosen_face_is_undone_by_one_click(page):
    """A click on the other face cuts the photo to it; Undo brings back the whole, and then goes."""
    panel = Panel(page, "facial-aesthetics")
    panel.part("example-pair").click()
    panel.part("preview").locator(".compare > img").wait_for()
    panel.part("check").locator("[data-face='2'][role=button]").click()
    photo, undo = panel.part("photo").locator(SHOWN), panel.part("examples").locator(".undo")
    expect(photo).to_have_attribute("src", re.compile("photo.jpg$"))
    undo.click()
    expect(photo).to_have_attribute("src", re.compile("pair.jpg$"))
    expect(undo).to_be_hidden()


def test_get_code_leads_to_the_programs_of_the_call(page):
    """The button beside the download unfolds the call as code and brings it into view."""
    panel = Panel(page, "facial-aesthetics").run()
    panel.stage.locator(".facts .get-code").click()
    expect(panel.stage.locator(".program summary").first).to_be_focused()
    expect(panel.stage.locator(".program pre").first).to_be_in_viewport()
    expect(panel.stage.locator(".program pre").first).to_contain_text("shape_type=8")


def test_arrow_keys_move_between_tabs(page):
    """As in any list of tabs: arrows to the neighbours, round the ends, Home and End to the ends."""
    page.locator("#face-fuse-tab-button").focus()
    for key, slug in (
        ("ArrowRight", "anime-avatar"),
        ("End", "developer"),
        ("ArrowRight", "face-fuse"),
        ("ArrowLeft", "developer"),
        ("Home", "face-fuse"),
    ):
        page.keyboard.press(key)
        tab = page.locator(f"#{slug}-tab-button")
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
