"""Controls in the browser: templates by picture, list and ID; the list of 22 shapes."""

import re

import pytest
from playwright.sync_api import expect

from browser.page_actions import Panel
from meitu_demo.domain.translations import translate
from meitu_demo.domain.vendor_codes import load_shapes

pytestmark = pytest.mark.xdist_group("browser")


def test_template_gallery_and_list_follow_each_other(page):
    """A click on a template picture chooses its ID in the list, and the fused photo follows the choice."""
    panel = Panel(page, "face-fuse").example()
    tiles = panel.part("template-id-gallery").get_by_role("button")
    field = panel.part("template-id").get_by_role("combobox")
    results = []
    for index in (1, 2):
        before = field.input_value()
        tiles.nth(index).click()
        expect(field).not_to_have_value(before)
        results.append(panel.run().pictures()[1])
    assert results[0] != results[1]


def test_template_list_sends_an_id_that_is_typed_in(page):
    """A typed template ID is sent; an unknown one ends in an explanation that names it and stays."""
    panel = Panel(page, "face-fuse").example()
    field = panel.part("template-id").get_by_role("combobox")
    field.click()
    field.fill("nobody-knows-this")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    panel.run()
    said = panel.stage.locator(".failure").inner_text()
    assert "If you typed a template ID, compare it with your list." in said
    assert "PARAM_VALUE_ERROR" in said
    page.wait_for_timeout(500)
    assert panel.stage.locator(".failure").inner_text() == said
    panel.part("template-id-gallery").get_by_role("button").nth(1).click()
    expect(field).not_to_have_value("nobody-knows-this")  # the list follows by way of the server
    assert panel.run().stage.locator(".result").count() == 1


def test_shape_list_opens_at_the_chosen_shape(visit, demo):
    """On a low screen the list opens upward; the chosen shape, in its middle third, is in view there too."""
    page = visit(demo, viewport={"width": 1280, "height": 720})
    panel = Panel(page, "facial-aesthetics").example()
    panel.part("preview").locator(".compare > img").wait_for()
    panel.part("shape-type").get_by_role("combobox").click()
    page.wait_for_function("""() => {
      const chosen = document.querySelector('ul[role=listbox] [aria-selected=true]');
      const [entry, list] = [chosen, chosen?.parentElement].map(element => element?.getBoundingClientRect());
      return entry && entry.top >= list.top && entry.bottom <= list.bottom;
    }""")


@pytest.mark.parametrize(("locale", "language"), [("en-US", "en"), ("zh-CN", "zh")])
def test_shape_list_has_all_22(visit, demo, locale, language):
    """All 22 shapes are listed with number, name and effect in the visitor's language; typed letters find one."""
    page = visit(demo, locale=locale)
    panel = Panel(page, "facial-aesthetics")
    field = panel.part("shape-type").get_by_role("combobox")
    field.click()
    options = page.locator("[data-testid=dropdown-option]:visible")
    expect(options).to_have_count(22)
    texts = [re.sub(r"^\W*✓?\s*", "", text) for text in options.all_inner_texts()]
    for shape, text in zip(load_shapes(), texts, strict=True):
        assert text.startswith(f"{shape.id} ")
        assert translate(f"shapes.{shape.key}.name", language) in text
        assert translate(f"shapes.{shape.key}.effect", language) in text
    name = translate(f"shapes.{load_shapes()[20].key}.name", language)
    field.press_sequentially(name)
    expect(options).not_to_have_count(22)
    expect(options.filter(has_text=name)).not_to_have_count(0)
