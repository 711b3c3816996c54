"""``python -m tests.browser.screenshots``: takes README's pictures anew, into docs/screenshots. The astronaut only."""

import tempfile
from pathlib import Path

from PIL import Image as Picture
from playwright.sync_api import Page, sync_playwright

from .chromium import launch, open_page
from .screens import Panel
from .serving import serve_demo
from .tour import SETTLED

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
LARGEST = 200_000  # bytes, for the repository's sake
WIDE = {"viewport": {"width": 1280, "height": 860}, "device_scale_factor": 1.5}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}


def main() -> None:
    """Take and write all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serve_demo() as url, sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = launch(playwright, Path(folder))
        for slug, more in (
            ("face-fuse", {}),
            ("anime-avatar", {"color_scheme": "dark"}),
            ("quality-restoration", {}),
            ("facial-aesthetics", {"locale": "zh-CN"}),
        ):
            with open_page(browser, url, **WIDE, **more) as page:
                _result(page, slug)
                _write(page, slug)
        with open_page(browser, url, **WIDE) as page:
            Panel(page, "face-fuse").run()
            _write(page, "refusal")
        with open_page(browser, url, **PHONE) as page:
            _result(page, "face-fuse")
            _write(page, "phone")
        browser.close()


def _result(page: Page, slug: str) -> None:
    panel = Panel(page, slug).example()
    if slug == "facial-aesthetics":  # an effect that can be seen in a small picture
        panel.part("strength").locator("input[type=number]").fill("1")
        page.keyboard.press("Tab")
    panel.run()
    page.mouse.move(5, 5)


def _write(page: Page, name: str) -> None:
    page.evaluate("document.activeElement.blur()")
    page.wait_for_timeout(1200)  # scrolling and fading come to rest
    page.evaluate(SETTLED)
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "shot.png"
        page.screenshot(path=shot)
        path = FOLDER / f"{name}.webp"
        for quality in (88, 80, 70, 60):
            Picture.open(shot).save(path, quality=quality, method=6)
            if path.stat().st_size <= LARGEST:
                break
    print(f"{path.relative_to(Path.cwd())}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
