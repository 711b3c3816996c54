"""Seconds until the page is usable in a real browser: a first visit, a second one, and a first one on a slow line.

Two baselines: a Gradio app of one button, and for the row of the floor one with as many components and events as the
demo, most of them in a tab that is not open.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from .ratio import Row, summarize
from .server import BASELINE_COMMAND, DEMO_COMMAND, run_server

FLOOR_APP = """
import sys, gradio as gr
port, component_count, event_count = map(int, sys.argv[1:])
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Button("Run", elem_id="run")
    with gr.Tabs():
        with gr.Tab("open"):
            gr.Markdown("text")
        with gr.Tab("closed"):
            parts = [(gr.HTML, gr.Button)[number % 2](str(number)) for number in range(component_count)]
    for number in range(event_count):
        parts[2 * (number % (component_count // 2)) + 1].click(lambda: "x", None, parts[0], api_visibility="private")
demo.launch(server_name="127.0.0.1", server_port=port, quiet=True)
"""
ONE_BUTTON = "a one-button Gradio app"
BASELINE_BUTTON, RUN_BUTTON, FLOOR_BUTTON = "button", "#face-fuse-run", "#run"
# Asked for each frame. Playwright's own trial of a click is repeated after up to half a second.
IS_CLICKABLE_JS = """selector => {
  const button = document.querySelector(selector);
  if (!button || button.disabled) return false;
  const {left, right, top, bottom} = button.getBoundingClientRect();
  return button.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
}"""
MAX_LOAD_RATIO, LOAD_ROUNDS = 1.5, 7
SLOW_LINE_BYTES_PER_S, SLOW_LINE_LATENCY_MS = 50_000, 100  # 400 kbit/s
MAX_SLOW_LOAD_S = 12


def rows() -> Iterator[Row]:
    """Rows for a page with an empty cache and a warm one, the demo's and the floor's, and for a slow line."""
    with (
        launch_browser() as browser,
        run_server(DEMO_COMMAND) as (demo_url, _, _),
        run_server(BASELINE_COMMAND) as (baseline_url, _, _),
    ):
        config = httpx.get(f"{demo_url}config").json()
        counts = len(config["components"]), len(config["dependencies"])
        with run_server([sys.executable, "-c", FLOOR_APP], *map(str, counts)) as (floor_url, _, _):
            pages = (baseline_url, BASELINE_BUTTON), (demo_url, RUN_BUTTON), (floor_url, FLOOR_BUTTON)
            times = [[_measure_loads(browser, *page) for page in pages] for _ in range(LOAD_ROUNDS + 1)][1:]
        for visit, cache in enumerate(("cold", "warm")):
            pairs = [(base[visit], demo[visit]) for base, demo, _ in times]
            yield summarize(f"page usable, {cache}", ONE_BUTTON, pairs, MAX_LOAD_RATIO)
            floor = [(base[visit], floor[visit]) for base, _, floor in times]
            yield summarize(f"  plain Gradio, {counts[0]} parts, {counts[1]} events, {cache}", ONE_BUTTON, floor, None)
        slow = [_measure_loads(browser, *page, is_slow=True)[0] for page in pages[:2]]
        yield summarize(
            f"page usable at 400 kbit/s (aim ≤ {MAX_SLOW_LOAD_S} s)", ONE_BUTTON, [(slow[0], slow[1])], None
        )


def _measure_loads(browser: Browser, url: str, selector: str, *, is_slow: bool = False) -> tuple[float, float]:
    """Seconds until the button `selector` can be clicked: at the first visit of a new browser, and at the second."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    if is_slow:
        line = {"offline": False, "latency": SLOW_LINE_LATENCY_MS, "uploadThroughput": SLOW_LINE_BYTES_PER_S}
        context.new_cdp_session(page).send(
            "Network.emulateNetworkConditions", {**line, "downloadThroughput": SLOW_LINE_BYTES_PER_S}
        )
    times = _measure_load(page, url, selector), _measure_load(page, url, selector)
    context.close()
    return times


def _measure_load(page: Page, url: str, selector: str) -> float:
    start = time.perf_counter()
    page.goto(url, wait_until="commit", timeout=90_000)
    page.wait_for_function(IS_CLICKABLE_JS, arg=selector, polling="raf", timeout=90_000)
    return time.perf_counter() - start


@contextmanager
def launch_browser() -> Iterator[Browser]:
    """A headless browser."""
    executable = which("chromium") or which("chromium-browser") or which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
