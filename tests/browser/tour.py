"""A walk through every panel in one language, on a phone and on a wide screen, light and dark, stopping at each state.

Two languages look at each state on both devices and in both shades; a whole walk (`make screens`) looks at it at six
sizes and in both shades, in each language. Each stop is a screenshot in build/screenshots, and what the page does wrong
there, found by looking at every element.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from playwright.sync_api import Page, TimeoutError

from browser.page_actions import RUNNING, SLUGS, History, Panel, Recipe

from .axe import SHADED, grave

FOLDER = Path(__file__).resolve().parents[2] / "build" / "screenshots"
# What may stand in a Chinese page in Latin letters: names, formats, settings, codes, IDs.
LATIN = re.compile(
    r"Meitu|AILabTools|AILab|API key|API secret|API|JPEG|PNG|WebP|WEBP|BMP|HEIC|CMYK|sRGB|[A-Z]+_[A-Z_]+|MODE=\w+|ID|"
    r"ai\.meitu\.com|www\.ailabtools\.com|consent=True|IPTC|AIGC|HTTP|ZIP|MB|KB|kB|[\w-]+\.(?:jpg|png|webp)|[0-9a-f]{32}|[0-9a-f]{8}|cURL|Python|JavaScript|gjw4tjeloaba2psk973|08bp4tnfkm560qv6"
)

# Gradio's own words for assistive technology, which it has in English only.
GRADIO = (
    "Upload file", "Capture from camera", "Paste from clipboard", "Remove Image", "Reset to default value",
    "Thumbnail", " of ", "number input for ", "range slider for ", " icon",
)  # fmt: skip

# Gives what is wrong with the boxes and colours of what can be seen.
WRONG = """() => {
  const wrong = [], wide = document.documentElement.clientWidth;
  const classes = e => [...e.classList].filter(c => !c.startsWith('svelte-')).join('.');
  const name = e => `${e.tagName.toLowerCase()}#${e.id}.${classes(e)} “${(e.innerText ?? e.value ?? '').slice(0, 40)}”`;
  const seen = e => e.checkVisibility({opacityProperty: true, visibilityProperty: true}) && !e.closest('.sr-only');
  const number = text => text.match(/[\\d.]+/g).map(Number);
  const over = (top, below) => [0, 1, 2].map(i => top[i] * (top[3] ?? 1) + below[i] * (1 - (top[3] ?? 1)));
  const light = c => [0.2126, 0.7152, 0.0722].reduce((sum, weight, i) =>
    sum + weight * (c[i] / 255 <= .04045 ? c[i] / 255 / 12.92 : ((c[i] / 255 + .055) / 1.055) ** 2.4), 0);
  const behind = e => {
    const layers = [];
    for (let at = e; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.backgroundImage !== 'none') return null;
      if (style.backgroundColor !== 'rgba(0, 0, 0, 0)') layers.push(number(style.backgroundColor));
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
  };
  if (document.documentElement.scrollWidth > wide) wrong.push('the page scrolls sideways');
  for (const e of document.body.querySelectorAll('*')) {
    if (!seen(e) || e.closest('svg') && e.tagName !== 'svg' || e.closest('pre') !== e && e.closest('pre')) continue;
    const box = e.getBoundingClientRect();
    if (box.width < 1 || box.height < 1) continue;
    // A phone's tabs are a row that scrolls sideways.
    const scrolls = e.matches('[role=tab]') && getComputedStyle(e.parentElement).overflowX === 'auto';
    if ((box.left < -1 || box.right > wide + 1) && !scrolls && !e.closest('.compare.zoomed'))
      wrong.push(`outside the window: ${name(e)}`);
    const style = getComputedStyle(e);
    const own = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join('');
    const text = e.matches('input:not([type=range], [type=radio], [type=checkbox])') ? e.value : own;
    if (!text) continue;
    for (let at = scrolls ? null : e.parentElement; at && at !== document.body; at = at.parentElement)
      if (/hidden|clip/.test(getComputedStyle(at).overflowX) && !at.closest('.compare')) {
        const frame = at.getBoundingClientRect();
        if (box.left < frame.left - 1 || box.right > frame.right + 1) wrong.push(`clipped: ${name(e)} by ${name(at)}`);
      }
    const told = e.matches('[role=combobox]') && style.textOverflow === 'ellipsis'; // its list has the whole text
    const cut = /hidden|clip/.test(style.overflowX) && e.scrollWidth > e.clientWidth + 1;
    if (cut && !told) wrong.push(`cut off: ${name(e)}`);
    const ground = behind(e);
    if (!ground || e.disabled) continue;
    const [a, b] = [light(over(number(style.color), ground)), light(ground)].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) wrong.push(`contrast ${((a + .05) / (b + .05)).toFixed(2)}: ${name(e)}`);
  }
  let level = 0; // a heading is at most one level below the one before
  for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
    if (!heading.checkVisibility()) continue;
    if (heading.tagName[1] > level + 1) wrong.push(`heading out of order: ${name(heading)}`);
    level = Number(heading.tagName[1]);
  }
  if (document.querySelectorAll('h1').length !== 1) wrong.push('not one h1');
  return [...new Set(wrong)];
}"""
# Every text that a person sees or hears; what stands in a `pre` goes over a wire or into a program.
TEXTS = """() => {
  const texts = new Set();
  for (const e of document.body.querySelectorAll('*')) {
    if (!e.checkVisibility() || e.closest('svg, script, style, pre, body [lang=en], .failure dl')) continue;
    for (const node of e.childNodes) if (node.nodeType === 3) texts.add(node.data.trim());
    for (const at of ['aria-label', 'title', 'alt', 'placeholder']) texts.add(e.getAttribute(at) ?? '');
    if (e.matches('input:not([type=range], [type=number], [type=radio], [type=checkbox])')) texts.add(e.value);
  }
  return [...texts].filter(text => text);
}"""


# Waits until pictures are there and what fades in or out has done so.
SETTLED = """() => Promise.all([
  ...[...document.images].filter(image => image.checkVisibility()).map(image => image.decode().catch(() => 0)),
  ...document.getAnimations().filter(a => a.effect.getTiming().iterations === 1).map(a => a.finished.catch(() => 0)),
])"""


SHADES = ("light", "dark")
SIZES = {
    "phone": (390, 844), "tablet": (820, 1180), "1280": (1280, 720), "1366": (1366, 768), "1440": (1440, 900),
    "1920": (1920, 1080), "wide": (1360, 900),
}  # fmt: skip
WHOLE = [name for name in SIZES if name != "wide"]
VIEWS = {"en": (("wide", "light"), ("phone", "dark")), "zh": (("wide", "dark"), ("phone", "light"))}


@dataclass(frozen=True, slots=True)
class Stop:
    """One state of the page, and what is wrong with it."""

    name: str
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """The page's language, and as what each state is looked at: (one of SIZES, shade)."""

    language: str
    views: tuple[tuple[str, str], ...]


def tour(page: Page, language: str, *, whole: bool) -> Iterator[Stop]:
    """Visit empty stage, refusal and result of every panel. The page is a phone's while something is done on it."""
    look = _build_look(language, whole=whole)
    for slug in RUNNING:
        _become(page, "phone")
        panel = Panel(page, slug)
        panel.clear()
        yield _thumb(panel, look)
        yield from _stop(panel, "empty", look)
        panel.upload({"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no photo" * 9}).run()
        yield from _stop(panel, "refusal", look)
        panel.example().run()
        yield _arrival(panel, look)
        yield from _stop(panel, "result", look)
        yield from _sheets(panel, look)
        if slug == "facial-aesthetics":
            yield from _checks(panel, look)
    yield from _recipes(page, look)
    page.locator("#own-keys button").first.click()
    page.locator("#own-keys-use").click()
    page.locator("#own-keys-told p").wait_for()
    yield from _stop(panel, "keys", look)
    panel = Panel(page, SLUGS[0])
    for fold in (".receipt", ".inspector"):
        panel.stage.locator(f"{fold} summary").first.click()
    yield from _stop(panel, "receipt", look)
    with page.expect_download() as download:
        panel.stage.locator(".facts .download").click()
    file = FOLDER / "download.jpg"
    download.value.save_as(file)
    panel = Panel(page, "mirror")
    yield _thumb(panel, look)
    yield from _stop(panel, "start", look)
    history = History(page).choose(5).put("put")  # what the panels before have left there
    yield from _stop(history, "beside", look)
    panel = Panel(page, "verify")
    yield from _stop(panel, "empty", look)
    panel.upload(file).run()
    yield from _stop(panel, "finding", look)
    page.locator("#delete-data").click()
    page.locator("#delete-data-message p").wait_for()
    yield from _stop(panel, "forgotten", look)
    yield from _stop(History(page), "empty", look)


def live_tour(page: Page, language: str, *, whole: bool) -> Iterator[Stop]:
    """On a demo with keys: the question of consent, a run without it, and the folded comparison with offline."""
    look = _build_look(language, whole=whole)
    for slug in ("face-fuse", "facial-aesthetics"):
        _become(page, "phone")
        panel = Panel(page, slug).example()
        panel.part("consent").wait_for()
        panel.part("live-vs-offline").locator("summary").click()
        yield from _stop(panel, "consent", look)
        panel.run()
        yield from _stop(panel, "no-consent", look)


def _build_look(language: str, *, whole: bool) -> Look:
    return Look(language, tuple(product(WHOLE, SHADES)) if whole else VIEWS[language])


SHEETS = {"facial-aesthetics": ("shapes", "strengths")}


def _sheets(panel: Panel, look: Look) -> Iterator[Stop]:
    for kind in SHEETS.get(panel.slug, ()):
        _become(panel.page, "phone")
        panel.part(f"see-{kind}").click()
        panel.part("sheet").locator(f".{kind} [aria-busy=false]").wait_for()
        yield from _stop(panel, f"sheet-{kind}", look)


def _checks(panel: Panel, look: Look) -> Iterator[Stop]:
    """A photo with two faces and one with none, with what the check says unfolded; a refusal likewise."""
    for name in ("pair", "coffee"):
        _become(panel.page, "phone")
        panel.clear()
        panel.part(f"example-{name}").click()
        panel.part("check").locator(".check summary").click()
        yield from _stop(panel, f"check-{name}", look)
    _become(panel.page, "phone")
    panel.run()
    panel.stage.locator(".identifiers summary").click()
    yield from _stop(panel, "no-face", look)


FAILING = """{"recipe": 1, "steps": [
  {"endpoint": "facial_aesthetics", "values": {"shape_type": "13", "strength": 0.35}},
  {"endpoint": "quality_restoration"}, {"endpoint": "anime_avatar", "on": false},
  {"endpoint": "face_fuse", "values": {"template_id": "00000000"}}]}"""


def _recipes(page: Page, look: Look) -> Iterator[Stop]:
    """A step in view with its menu; an empty list, adding to it and a refused file; a failure after some steps."""
    recipe = Recipe(page)
    recipe.stage.locator(".strip button").nth(1).click()
    recipe.stage.locator(".view:not([hidden]) .use-in summary").click()
    yield from _stop(recipe, "step", look)
    recipe.stage.locator(".view:not([hidden]) .use-in summary").click()
    recipe.load('{"recipe": 1, "steps": []}')
    recipe.part("list").locator(".no-steps").wait_for()
    page.locator("#recipe-add button").first.click()
    page.locator("#recipe-effect label").first.click()
    recipe.load('{"recipe": 7, "steps": []}')
    yield from _stop(recipe, "adding", look)
    page.locator("#recipe-add button").first.click()
    recipe.load(FAILING).run()
    yield from _stop(recipe, "failure", look)


def _stop(panel: Panel | History, state: str, look: Look) -> Iterator[Stop]:
    page = panel.page
    for size, shade in look.views:
        _become(page, size)
        page.evaluate("dark => document.body.classList.toggle('dark', dark)", shade == "dark")
        page.evaluate(SETTLED)
        name = f"{size}-{look.language}-{panel.slug}-{state}-{shade}"
        words = page.evaluate(TEXTS) if look.language == "zh" else []
        english = (f"not Chinese: {text}" for text in words if _is_english(text))
        heard = heard_in(page, shade) if look.language == "en" else []
        yield Stop(name, (*page.evaluate(WRONG), *english, *heard))


def heard_in(page: Page, shade: str) -> list[str]:
    """What axe finds; in the second shade only what can differ there."""
    return grave(page) if shade == "light" else grave(page, *SHADED)


def _become(page: Page, size: str) -> None:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})


def _is_english(text: str) -> bool:
    for own in GRADIO:
        text = text.replace(own, "")
    return bool(re.search(r"[A-Za-z]{2,}", LATIN.sub("", text)))


def _thumb(panel: Panel, look: Look) -> Stop:
    """On a phone the run button is in the window before anything is scrolled, and nothing lies on it."""
    panel.page.evaluate("scrollTo(0, 0)")
    box, height = panel.run_button.bounding_box(), panel.page.viewport_size["height"]
    inside = box["y"] >= 0 and box["y"] + box["height"] <= height
    inside = inside and panel.run_button.evaluate("""button => { const box = button.getBoundingClientRect();
      return [.05, .2, .35, .5, .8].every(at => [.2, .5, .8].every(down =>
        document.elementFromPoint(box.x + box.width * at, box.y + box.height * down) === button)); }""")
    wrong = () if inside else (f"the run button is out of reach or covered: {box}",)
    return Stop(f"thumb-{look.language}-{panel.slug}", wrong)


def _arrival(panel: Panel, look: Look) -> Stop:
    """On a phone the page stands at the result after a run."""
    wrong: tuple[str, ...] = ()
    try:
        panel.page.wait_for_function(
            """id => { const box = document.querySelector(`#${id} .stage`).getBoundingClientRect();
                 return box.top >= -1 && box.bottom <= innerHeight + 1; }""",
            arg=f"{panel.slug}-stage",
        )
    except TimeoutError:
        wrong = (f"the stage is not in view: {panel.stage.locator('.stage').bounding_box()}",)
    return Stop(f"arrival-{look.language}-{panel.slug}", wrong)
