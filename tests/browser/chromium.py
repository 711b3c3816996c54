"""Debian's Chromium with a fake camera, and pages that remember what they must not do."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request, expect

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--force-color-profile=srgb",
]  # fmt: skip
DEVICES: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1360, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}},
}
READY = "#face-fuse-run"
MAX_WAIT_MS = 60_000  # on a machine that may be busy
EVENTS = Path(__file__).with_name("events.js")
LEFT, RIGHT = (200, 30, 30), (30, 30, 200)  # colours of the camera picture's margins


def launch(playwright: Playwright, folder: Path) -> Browser:
    """The browser; its camera shows the astronaut between a red left and a blue right margin."""
    expect.set_options(timeout=MAX_WAIT_MS)
    executable = next((found for name in NAMES if (found := shutil.which(name))), None)
    frame = np.zeros((480, 640, 3), np.uint8)
    frame[:, :64], frame[:, 576:], frame[:, 64:576] = LEFT, RIGHT, load_astronaut()[:480]
    film = folder / "camera.mjpeg"
    film.write_bytes(codec.encode(frame) * 4)
    camera = [
        "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]  # fmt: skip
    return playwright.chromium.launch(executable_path=executable, args=[*QUIET, *camera])


_known: dict[tuple[Browser, str], list[BrowserContext]] = {}  # browser contexts that nobody uses


@contextlib.contextmanager
def open_page(
    browser: Browser, url: str, locale: str = "en-US", device: str = "wide", ready: str = READY, *,
    fresh: bool = False, **more: Any,
) -> Iterator[Page]:  # fmt: skip
    """A page of the demo, to be used once `ready` is there. Leaving fails if it spoke to another host or had errors in
    the console.

    It is a new visitor's, but the browser may know the scripts: a short test would mostly wait for them otherwise.
    fresh: it knows nothing, and is not used again; for whoever turns the clock.
    """
    options = {"locale": locale, **DEVICES[device], **more}
    known = _known.setdefault((browser, repr(options)), [])
    context = known.pop() if known and not fresh else new_context(browser, **options)
    page = context.new_page()
    offences = _offences(page, url)
    try:
        page.goto(url)
        page.wait_for_selector(ready)
        yield page
        assert not offences, offences
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
        context.clear_cookies()
    except BaseException:
        context.close()
        raise
    if fresh:
        context.close()
    else:
        known.append(context)


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A visitor's browser, whose pages may take long. options: as Playwright has them."""
    context = browser.new_context(**options)
    context.set_default_timeout(MAX_WAIT_MS)
    context.add_init_script(path=EVENTS)
    return context


def _offences(page: Page, url: str) -> list[str]:
    """What the page does from now on and must not do."""
    offences: list[str] = []
    home = "{0.scheme}://{0.netloc}".format(urlsplit(url))

    def offence(text: str) -> None:
        offences.append(f"{text} ({os.environ.get('PYTEST_CURRENT_TEST', '')})")

    def watch_request(request: Request) -> None:
        if not request.url.startswith((home, "data:", f"blob:{home}")):
            offence(f"request to {request.url[:200]}")

    def watch_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            offence(f"console: {message.text[:300]} {message.location.get('url', '')[:100]}")

    page.on("request", watch_request)
    page.on("console", watch_console)
    page.on("pageerror", lambda error: offence(f"script: {error}"))
    return offences
