"""The page on a laptop and a tablet: with a photo, all controls and the picture are in view, and nothing hides them."""

import itertools

import numpy as np
import pytest

from browser.page_actions import Panel
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

pytestmark = pytest.mark.xdist_group("layout")

# Each size once, a tablet's too; each language and each shade two or three times.
VIEWS = [
    ((820, 1180), "zh-CN", "light"),
    ((1280, 720), "en-US", "dark"),
    ((1366, 768), "zh-CN", "light"),
    ((1440, 900), "en-US", "light"),
    ((1920, 1080), "zh-CN", "dark"),
]
# Elements that are outside of the window, or that something else covers at their middle.
FIND_HIDDEN = """(selectors) => selectors.flatMap(selector => [...document.querySelectorAll(selector)]
  .filter(element => element.checkVisibility())
  .filter(element => {
    const box = element.getBoundingClientRect();
    const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    return box.width < 1 || box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth
      || !(element.contains(top) || top?.contains(element));
  }).map(element => `${selector}: ${element.getBoundingClientRect().bottom}`))"""
# What a finger cannot hit. The cross on the photo is small and reacts around it; the language's name is short.
FIND_SMALL_TARGETS = """() => [...document.querySelectorAll('button, summary, [role=tab]')]
  .filter(element => element.checkVisibility() && !element.closest('.icon-button-wrapper, .check, .sr-only'))
  .filter(element => element.getBoundingClientRect().height < 40)
  .map(element => `${element.id} ${element.textContent.trim()} ${element.getBoundingClientRect().height}`)"""
MAX_SHIFT = 0.02
# Cumulative Layout Shift, without half a second after each click. On a busy machine the photo takes longer to arrive;
# then the photo, the examples and the check may move, and nothing else.
WATCH_SHIFT = """() => { window.shift = 0; new PerformanceObserver(list => { for (const entry of list.getEntries())
  if (!entry.hadRecentInput && entry.sources.some(({node}) => {
    const element = node?.closest ? node : node?.parentElement;
    return !element?.closest('.photo, .example-strip, [id$=-check]');
  })) window.shift += entry.value; }).observe({type: 'layout-shift'}); }"""


def test_panel_has_everything_in_view(visit, demo, request):
    """Photo, check, each control, the run button and the preview; at 720 px all but the gallery's second row.

    The gate looks at the three smallest sizes, --whole at all.
    """
    views = VIEWS if request.config.getoption("--whole") else VIEWS[:3]
    hidden = {view: found for view in views if (found := find_hidden(visit, demo, *view))}
    assert not hidden


def find_hidden(visit, demo, size, locale, shade):
    """By panel: what is not wholly in view, and how far the layout has shifted, where either is wrong."""
    page = visit(demo, locale=locale, color_scheme=shade, viewport={"width": size[0], "height": size[1]})
    page.evaluate(WATCH_SHIFT)
    hidden = {}
    for endpoint in CATALOGUE.values():
        panel = Panel(page, endpoint.slug)
        page.evaluate("window.shift = 0")
        panel.example()
        panel.part("preview").locator(".compare > img").wait_for()
        panel.part("check").locator(".check").wait_for()
        controls = [f"#{endpoint.slug}-{control.name.replace('_', '-')}" for control in endpoint.controls]
        parts = [f"#{endpoint.slug}-{part}" for part in ("run", "check .check", "examples button")]
        found = page.evaluate(FIND_HIDDEN, [*controls, *parts, f"#{endpoint.slug}-preview .stage"])
        shift = page.evaluate("window.shift")
        if found or shift > MAX_SHIFT:
            hidden[endpoint.slug] = found, shift
    return hidden


def test_check_moves_no_control(visit, demo):
    """Where a photo is refused, has warnings or can be fixed, the button is where it is for a photo that is ready."""
    page = visit(demo, viewport={"width": 1280, "height": 720})
    head = load_astronaut()[0:320, 60:380]
    two = np.hstack([head, head[:, ::-1]])
    for slug in ("face-fuse", "anime-avatar"):
        panel = Panel(page, slug)
        places = []
        for pixels, verdict in ((head, "ok"), (head[::-1, ::-1], "warn"), (two[::-1], "warn"), (0 * head, "refuse")):
            data = codec.encode(np.ascontiguousarray(pixels))
            panel.upload({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": data})
            panel.part("check").locator(f".check.{verdict}").wait_for()
            if verdict == "warn":
                panel.part("mend-upright").wait_for()
            places.append(panel.run_button.bounding_box())
        assert places == places[:1] * len(places)


@pytest.mark.parametrize("slug", ["anime-avatar", "quality-restoration"])
def test_panel_with_few_controls_shows_the_photo_beside_the_whole_result(visit, demo, slug):
    """The photo takes the room that the controls leave, before and after it is chosen; the faces are marked on it."""
    page = visit(demo, viewport={"width": 1440, "height": 900})
    panel = Panel(page, slug)
    get_bottom = "selector => Math.round(document.querySelector(selector).getBoundingClientRect().bottom)"
    bottom = page.evaluate(get_bottom, f"#{slug}-stage .stage")
    assert page.evaluate(get_bottom, f"#{slug}-run") == bottom
    panel.example()
    marks = panel.part("check").locator(".face-marks > svg")
    marks.wait_for()
    assert page.evaluate(get_bottom, f"#{slug}-run") == bottom
    photo, drawn = panel.part("photo").bounding_box(), marks.bounding_box()
    assert drawn["height"] == pytest.approx(photo["height"] - 10, abs=2)  # the example is a square, the place is wide
    assert drawn["x"] + drawn["width"] / 2 == pytest.approx(photo["x"] + photo["width"] / 2, abs=1)
    summary = panel.part("check").locator("summary")
    before = summary.bounding_box()
    summary.click()
    assert summary.bounding_box() == before
    summary.click()
    assert page.evaluate(get_bottom, f"#{slug}-run") == bottom


@pytest.mark.parametrize("device", ["wide", "phone"])
def test_faces_are_marked_on_the_photo(visit, demo, device):
    """The marks stay where the photo is when the check takes more room than it."""
    page = visit(demo, device=device)
    for slug in ("face-fuse", "anime-avatar"):
        panel = Panel(page, slug).example()
        panel.part("check").locator("summary").click()
        marks = panel.part("check").locator(".face-marks > svg").bounding_box()
        photo = panel.part("photo").bounding_box()
        for start, side in (("x", "width"), ("y", "height")):
            assert marks[start] + marks[side] / 2 == pytest.approx(photo[start] + photo[side] / 2, abs=1)


@pytest.mark.parametrize("slug", ["face-fuse", "facial-aesthetics"])
def test_result_is_wholly_in_view_after_a_run(visit, demo, slug):
    """Result and facts are in the window, nothing covers them, and the preview is hidden."""
    page = visit(demo, viewport={"width": 1366, "height": 768})
    panel = Panel(page, slug).example().run()
    assert not page.evaluate(FIND_HIDDEN, [f"#{slug}-stage .stage", f"#{slug}-stage .facts"])
    assert panel.part("preview").locator(".compare").is_hidden()


@pytest.mark.parametrize("slug", ["facial-aesthetics", "recipe"])
def test_phone_stands_at_the_result_after_a_run(visit, demo, slug):
    """The result's top edge is at the top of the window, although the page was shorter when the button was pressed."""
    page = visit(demo, device="phone")
    panel = Panel(page, slug).example()
    panel.run()
    is_at_top = "selector => Math.abs(document.querySelector(selector).getBoundingClientRect().top) < 40"
    page.wait_for_function(is_at_top, arg=f"#{slug}-stage .stage.result")


def test_phone_shows_the_changed_face_without_scrolling(visit, demo):
    """The middle of the first panel's result is in the window, above it the tabs in one row and no list of IDs."""
    page = visit(demo, device="phone")
    tabs = page.locator("#panels > .tab-wrapper [role=tab]")
    assert len(set(tabs.evaluate_all("tabs => tabs.map(tab => tab.getBoundingClientRect().top)"))) == 1
    assert page.locator("#face-fuse-template-id").is_hidden()
    stage = page.locator("#face-fuse-stage .stage").bounding_box()
    assert stage["y"] + 0.75 * stage["height"] < page.viewport_size["height"]


def test_phone_has_room_for_a_finger(visit, demo):
    """Buttons and what unfolds are at least 40 px high, before and after a run, and so are the ways to a photo."""
    page = visit(demo, device="phone")
    panel = Panel(page, "face-fuse")
    panel.clear()
    assert not page.evaluate(FIND_SMALL_TARGETS)
    panel.example().run()
    assert not page.evaluate(FIND_SMALL_TARGETS)


def test_run_keeps_the_preview_in_view(visit, demo):
    """While the words of the progress are shown, the picture of before is behind them, and nothing has moved."""
    page = visit(demo)
    panel = Panel(page, "anime-avatar").example()
    panel.part("preview").locator(".compare > img").wait_for()
    page.evaluate("""() => {
      const place = () => document.querySelector('#anime-avatar-preview .compare').getBoundingClientRect();
      const before = JSON.stringify(place());
      new MutationObserver(() => {
        if (document.querySelector('#anime-avatar-stage .progress')) window.kept ??= JSON.stringify(place()) === before;
      }).observe(document.getElementById('anime-avatar-stage'), {childList: true, subtree: true});
    }""")
    panel.run()
    assert page.evaluate("window.kept")
    assert panel.part("preview").locator(".compare").is_hidden()


@pytest.mark.parametrize("slug", ["facial-aesthetics", "developer"])
def test_phone_brings_the_chosen_tab_into_view(visit, demo, slug):
    """A tab beyond the row's end is wholly in the window once a link or a key has chosen it."""
    tab = f"#{slug}-tab-button"
    is_in_view = """tab => { const box = document.querySelector(tab).getBoundingClientRect();
                     return box.left >= 0 && box.right <= innerWidth; }"""
    page = visit(f"{demo}#{slug}", device="phone", ready=f"{tab}[aria-selected=true]")
    page.wait_for_function(is_in_view, arg=tab)
    page.locator("#face-fuse-tab-button").press("End")
    page.wait_for_function(is_in_view, arg="#developer-tab-button")
    page.keyboard.press("Home")
    page.wait_for_function(is_in_view, arg="#face-fuse-tab-button")


def test_example_is_shown_before_the_first_photo(visit, demo):
    """Each panel opens with the effect on the example photo, as two different pictures, and says who drew it."""
    page = visit(demo)
    for endpoint in CATALOGUE.values():
        example = Panel(page, endpoint.slug).stage.locator(".example")
        example.wait_for()
        for image in example.locator("img").all():
            page.wait_for_function("image => image.naturalWidth > 200", arg=image.element_handle())
    texts = page.locator(".example + .facts .badge").all_text_contents()
    assert len(list(itertools.filterfalse(lambda text: "offline engine" in text, texts))) == 0 < len(texts)


def test_preview_that_a_newer_one_overtakes_stays_dimmed(page):
    """A preview whose controls were changed while it was drawn is not marked as current when it comes."""
    panel = Panel(page, "anime-avatar").example()
    preview = panel.part("preview")
    preview.locator(".compare > img").wait_for()
    page.wait_for_function("!document.querySelector('#anime-avatar-preview[data-stale]')")
    page.evaluate("""async () => {
      const preview = document.getElementById('anime-avatar-preview'), before = window.events.begun.size;
      new MutationObserver(() => {
        if (!preview.hasAttribute('data-stale')) window.previewsSent ??= window.events.begun.size - before;
      }).observe(preview, {attributeFilter: ['data-stale']});
      const photo = photoOf.anime_avatar;
      const change = value => window.updatePanel('anime-avatar', 'anime_avatar', [], photo, false, value);
      change('first');
      await window.waitFor(() => window.events.begun.size > before);
      change('second');
    }""")
    page.wait_for_function("window.previewsSent")
    assert page.evaluate("window.previewsSent") == 2


def test_preview_follows_each_control_and_gives_way_to_the_run(page):
    """A change shows the preview, a run its result, and a button leads back to the result."""
    panel = Panel(page, "face-fuse").example()
    preview = panel.part("preview").locator(".compare > img")
    preview.wait_for()
    first = preview.get_attribute("src")
    panel.part("template-id-gallery").get_by_role("button").nth(2).click()
    page.wait_for_function(
        "first => document.querySelector('#face-fuse-preview .compare > img').getAttribute('src') !== first", arg=first
    )
    panel.run()
    assert preview.is_hidden()
    panel.part("template-id-gallery").get_by_role("button").nth(3).click()
    preview.wait_for()
    assert panel.stage.locator(".result").is_hidden()
    panel.part("preview").locator(".last-result").click()
    panel.stage.locator(".result").wait_for()
    assert preview.is_hidden()
