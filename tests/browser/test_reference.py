"""The reference page in a real browser: its search, its looks on both devices, its way to the demo and back."""

import pytest
from playwright.sync_api import expect

from meitu_demo.domain.translations import translate

from .chromium import DEVICES, new_context
from .tour import WRONG, heard_in

pytestmark = pytest.mark.xdist_group("browser")
SEEN = "li[data-hit]:visible"


@pytest.fixture
def reference(visit, demo):
    """Opens the page as somebody would who was sent its address."""
    return lambda query="", **kw: visit(f"{demo}/reference{query}", ready="#codes", **kw)


def test_reference_search_finds_shapes_and_codes(reference):
    """A number, a word of an explanation, a part of a face; the count is told, the address follows, empty shows all."""
    page = reference("?lang=en")
    everything = page.locator(SEEN).count()
    field, told = page.get_by_role("searchbox"), page.get_by_role("status")
    expect(told).to_have_text("")
    field.press_sequentially("20003")
    expect(page.locator(SEEN)).to_have_count(1)
    expect(page.locator("#meitu-20003")).to_be_visible()
    expect(told).to_have_text(translate("reference.found", "en", shapes=0, codes=1))
    assert page.url.endswith("?lang=en&q=20003")
    field.fill("Eyes  CLOSER")
    expect(page.locator("#shape-10")).to_be_visible()
    expect(page.locator(SEEN)).to_have_count(1)
    field.fill("<b>nothing $& has this")
    expect(told).to_have_text(translate("reference.nothing", "en", query="<b>nothing $& has this"))
    expect(page.locator("main h2:visible")).to_have_count(0)
    field.fill("")
    expect(page.locator(SEEN)).to_have_count(everything)
    assert page.url.endswith("?lang=en")


def test_reference_search_is_part_of_the_url(reference):
    """`?q=` is there from the start and comes along into the other language; a link to what it hides shows it."""
    page = reference("?lang=en&q=error_no_face_in_file")
    expect(page.locator(SEEN)).to_have_count(1)
    page.locator("#other").click()
    page.wait_for_url("**/reference?lang=zh&q=error_no_face_in_file")
    expect(page.locator("#codes h4:visible")).to_have_text(translate("errors.no_face.title", "zh"))
    page.get_by_role("link", name=translate("reference.shapes", "zh")).click()
    expect(page.locator("#shape-0")).to_be_in_viewport()
    expect(page.get_by_role("searchbox")).to_have_value("")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_reference_fits_both_devices_in_light_and_dark(reference, locale):
    """On both devices, light and dark, nothing scrolls sideways, is cut off, hard to read or inaccessible."""
    page = reference(device="phone", locale=locale)
    assert translate("reference.title", locale[:2]) in page.title()
    wrong = {}
    for device in ("phone", "wide"):
        page.set_viewport_size(DEVICES[device]["viewport"])
        for shade in ("light", "dark"):
            page.emulate_media(color_scheme=shade)
            name = f"{device}-{locale[:2]}-reference-{shade}"
            heard = heard_in(page, shade) if device == "wide" and locale == "en-US" else []
            wrong[name] = (*page.evaluate(WRONG), *heard)
    assert not any(wrong.values()), wrong


def test_reference_shows_everything_without_scripts(browser, demo):
    """Without JavaScript the reference page hides nothing and offers no search."""
    context = new_context(browser, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/reference?q=20003")
    assert page.get_by_role("searchbox").count() == 0
    expect(page.locator("#meitu-20001")).to_be_visible()
    expect(page.locator("#shape-21")).to_be_visible()
    context.close()


def test_reference_is_linked_from_the_demo_and_links_to_panels(visit, demo):
    """The link on top opens another tab in the page's language; from there a link opens the panel of an endpoint."""
    page = visit(demo, locale="zh-CN")
    with page.expect_popup() as popup:
        page.locator(".masthead a[target=_blank]").click()
    opened = popup.value
    expect(opened.locator("h1")).to_have_text(translate("reference.title", "zh"))
    opened.get_by_role("link", name=translate("panels.quality_restoration.tab", "zh")).click()
    expect(opened.locator("#quality-restoration-run")).to_be_visible()
    opened.close()
