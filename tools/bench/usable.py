"""How soon a page can be used in a real browser, against Gradio's simplest: cold, and once the browser knows it."""

import statistics
import time

from playwright.sync_api import Browser, Page

from .pages import browsing
from .ratio import Row
from .server import OURS, SIMPLEST, serving

AIM, RUNS = 1.5, 7
ONE_BUTTON, RUN = "button", "#face-fuse-run"


def rows() -> list[Row]:
    """Two rows: with an empty cache, and again."""
    with browsing() as browser, serving(OURS) as (ours, _, _), serving(SIMPLEST) as (simple, _, _):
        pairs = [(_loads(browser, simple, ONE_BUTTON), _loads(browser, ours, RUN)) for _ in range(RUNS + 1)][1:]
    found = []
    for at, name in enumerate(("cold", "warm")):
        base_s, done_s = (statistics.median(pair[side][at] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(mine[at] / base[at] for base, mine in pairs)
        found.append(Row(f"page usable, {name}", "a one-button Gradio app", base_s, done_s, ratio, AIM))
    return found


def _loads(browser: Browser, url: str, wanted: str) -> tuple[float, float]:
    """Seconds until the button `wanted` can be pressed: at the first visit of a new browser, and at the second."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    times = _seconds(page, url, wanted), _seconds(page, url, wanted)
    context.close()
    return times


def _seconds(page: Page, url: str, wanted: str) -> float:
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(wanted).first.click(trial=True)
    return time.perf_counter() - start
