"""How soon a page can be used in a real browser, against Gradio's simplest: cold, and once the browser knows it."""

import statistics
import time

from playwright.sync_api import Browser, Page

from .pages import launch_browser
from .ratio import Row
from .server import BASELINE_COMMAND, DEMO_COMMAND, run_server

MAX_RATIO, ROUNDS = 1.5, 7
BASELINE_BUTTON, RUN_BUTTON = "button", "#face-fuse-run"


def rows() -> list[Row]:
    """Two rows: with an empty cache, and again."""
    with (
        launch_browser() as browser,
        run_server(DEMO_COMMAND) as (demo_url, _, _),
        run_server(BASELINE_COMMAND) as (baseline_url, _, _),
    ):
        pairs = [
            (_measure_loads(browser, baseline_url, BASELINE_BUTTON), _measure_loads(browser, demo_url, RUN_BUTTON))
            for _ in range(ROUNDS + 1)
        ][1:]
    measured = []
    for index, name in enumerate(("cold", "warm")):
        base_s, done_s = (statistics.median(pair[side][index] for pair in pairs) for side in (0, 1))
        ratio = statistics.median(demo[index] / base[index] for base, demo in pairs)
        measured.append(Row(f"page usable, {name}", "a one-button Gradio app", base_s, done_s, ratio, MAX_RATIO))
    return measured


def _measure_loads(browser: Browser, url: str, selector: str) -> tuple[float, float]:
    """Seconds until the button `wanted` can be pressed: at the first visit of a new browser, and at the second."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    times = _measure_load(page, url, selector), _measure_load(page, url, selector)
    context.close()
    return times


def _measure_load(page: Page, url: str, selector: str) -> float:
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(selector).first.click(trial=True)
    return time.perf_counter() - start
