"""``make screenshots``: takes README's pictures anew, into docs/screenshots. The astronaut only."""

import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image as Picture
from playwright.sync_api import Browser, Page, sync_playwright
from support.servers import serve_demo

from browser.page_actions import Panel, Recipe

from .chromium import launch, open_page
from .tour import SETTLED

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
LARGEST, LARGEST_MOVING = 200_000, 1_500_000  # bytes, for the repository's sake
WIDE = {"viewport": {"width": 1280, "height": 940}, "device_scale_factor": 1.5}
TALL = {"viewport": {"width": 1280, "height": 1170}, "device_scale_factor": 1.5}
SMALL = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
MOVING = (960, 600)  # px of the animation
STILL, STEP = 1600, 90  # ms that a frame is shown: one to be read, one of a movement


def main() -> None:
    """Take and write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serve_demo() as url, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright, Path(folder))
        for name, take, more in (
            ("face-fuse", _fused, {}),
            ("sheet", _sheet, {"locale": "zh-CN"}),
            ("moved", _moved, TALL),
            ("recipe", _recipe, {**TALL, "color_scheme": "dark"}),
            ("phone", _fused, PHONE),
            ("avatar", _drawn, {}),
            ("refusal", _refused, {}),
        ):
            with open_page(browser, url, **{**WIDE, **more}) as page:
                take(page)
                _write(name, [_shot(page)], LARGEST)
        _walk(browser, url)
        browser.close()


def _fused(page: Page) -> None:
    panel = Panel(page, "face-fuse").example().run()
    _divide(panel, 42)


def _drawn(page: Page) -> None:
    Panel(page, "anime-avatar").example().run()


def _refused(page: Page) -> None:
    panel = Panel(page, "face-fuse")
    panel.part("example-coffee").click()
    panel.part("check").locator(".check").wait_for()
    panel.run()


def _sheet(page: Page) -> None:
    panel = _ready(page)
    panel.part("see-shapes").click()
    panel.part("sheet").locator("[aria-busy=false]").wait_for()
    panel.part("sheet").locator("li button").nth(2).click(no_wait_after=True)
    page.wait_for_timeout(1500)  # the page has glided back to the controls
    page.evaluate("""() => { const box = document.querySelector('#facial-aesthetics-sheet').getBoundingClientRect();
                     scrollBy({top: box.bottom - innerHeight + 16, behavior: 'instant'}); }""")


def _moved(page: Page) -> None:
    panel = _ready(page)
    _set_strength(panel, "1")
    panel.run()
    panel.stage.locator(".moved summary").click()
    panel.stage.locator(".moved svg").wait_for()
    page.evaluate("""() => document.querySelector('#facial-aesthetics-stage .moved')
                     .scrollIntoView({block: 'end', behavior: 'instant'})""")


def _recipe(page: Page) -> None:
    Recipe(page).example().run()


def _walk(browser: Browser, url: str) -> None:
    """Photo, sheet, the strength dragged with the preview behind it, the divider moved, a recipe."""
    frames: list[tuple[bytes, int]] = []
    with open_page(browser, url, **SMALL) as page:

        def look(time: int = STILL) -> None:
            frames.append((_shot(page, still=time == STILL), time))

        look()
        panel = _ready(page)
        look()
        panel.part("see-shapes").click()
        panel.part("sheet").locator("[aria-busy=false]").wait_for()
        look()
        panel.part("sheet").locator("li button").nth(2).click()
        page.wait_for_timeout(1500)
        drag = panel.part("strength").locator("input[type=range]")
        drag.scroll_into_view_if_needed()
        for strength in (0.2, 0.4, 0.6, 0.8, 1.0):
            drag.fill(str(strength))
            panel.part("preview").locator(f"img[alt$='Strength {strength:g}']").wait_for()
            look(4 * STEP)
        panel.run()
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        look()
        for at in (*range(50, 15, -5), *range(15, 90, 5), *range(90, 50, -5)):
            _divide(panel, at)
            look(STEP)
        Recipe(page).run()
        look()
        Recipe(page).stage.locator(".strip button").nth(1).click()
        look()
    _write("walk", [frame for frame, _ in frames], LARGEST_MOVING, [time for _, time in frames])


def _ready(page: Page) -> Panel:
    """Facial Aesthetics with the example photo, its preflight and its preview."""
    panel = Panel(page, "facial-aesthetics").example()
    panel.part("check").locator(".check").wait_for()
    panel.part("preview").locator(".compare > img").wait_for()
    return panel


def _set_strength(panel: Panel, strength: str) -> None:
    panel.part("strength").locator("input[type=number]").fill(strength)
    panel.page.keyboard.press("Tab")


def _divide(panel: Panel, at: int) -> None:
    panel.stage.locator(".compare input").evaluate(
        "(range, at) => { range.value = at; range.dispatchEvent(new Event('input', {bubbles: true})); }", at
    )


def _shot(page: Page, *, still: bool = True) -> bytes:
    """A PNG of the window. still: once nothing moves any more."""
    page.mouse.move(5, 5)
    page.evaluate("document.activeElement.blur()")
    if still:
        page.wait_for_timeout(1200)  # scrolling and fading come to rest
    page.evaluate(SETTLED)
    return page.screenshot()


def _write(name: str, shots: list[bytes], largest: int, times: list[int] | None = None) -> None:
    """As WebP, moving where there are `times`, as good as it can be within `largest` bytes."""
    path = FOLDER / f"{name}.webp"
    frames = [Picture.open(BytesIO(shot)).convert("RGB") for shot in shots]
    more: dict[str, Any] = {}
    if times:
        frames = [frame.resize(MOVING, Picture.Resampling.LANCZOS) for frame in frames]
        more = {"save_all": True, "append_images": frames[1:], "duration": times, "loop": 0, "minimize_size": True}
    for quality in (88, 80, 70, 60, 50, 40):
        frames[0].save(path, quality=quality, method=4 if times else 6, **more)
        if path.stat().st_size <= largest:
            break
    print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
