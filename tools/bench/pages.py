"""Latencies of the page in a real browser: a preview after moving a slider, a contact sheet after a click.

The preview's baseline is an event of a minimal Gradio app, measured between the same two points: it returns the
slider's value as HTML.
"""

import statistics
import sys
from functools import cache

import cv2
import numpy as np
from playwright.sync_api import Page

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.engine.contact_sheets import crop_face, render_shapes
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

from .loading import launch_browser
from .ratio import Row, measure_seconds, summarize
from .server import DEMO_COMMAND, run_server

ECHO_APP = """
import sys, gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    slider = gr.Slider(0, 1, 0.5, step=0.05, elem_id="facial-aesthetics-strength")
    shown = gr.HTML('<div class="compare"><img></div>', elem_id="facial-aesthetics-preview")
    slider.change(lambda value: f'<div class="compare"><img src="data:,{value}"></div>', slider, shown,
                  show_progress="hidden", trigger_mode="always_last")
demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""
ECHO_COMMAND = [sys.executable, "-c", ECHO_APP]
MOVE_COUNT = 60
MAX_PREVIEW_S, MAX_SHEET_S = 0.150, 1.5
# Moves the slider and waits until the preview shows another picture, decoded.
MOVE_SLIDER_JS = """async value => {
  const slider = document.querySelector('#facial-aesthetics-strength input[type=range]');
  const source = () => document.querySelector('#facial-aesthetics-preview .compare > img')?.src;
  const before = source(), begun = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  while (source() === before) {
    if (performance.now() - begun > 10000) throw new Error('no preview came');
    await new Promise(done => setTimeout(done, 1));
  }
  await document.querySelector('#facial-aesthetics-preview .compare > img').decode().catch(() => 0);
  return (performance.now() - begun) / 1000;
}"""
OPEN_SHEET_JS = """async () => {
  const place = document.querySelector('#facial-aesthetics-sheet'), begun = performance.now();
  const found = {};
  document.querySelector('#facial-aesthetics-see-shapes').click();
  for (const [name, wanted] of [['places', 'li'], ['first', 'img'], ['all', '[aria-busy=false]']]) {
    while (!place.querySelector(wanted)) await new Promise(done => setTimeout(done, 1));
    found[name] = (performance.now() - begun) / 1000;
  }
  return found;
}"""


def rows() -> list[Row]:
    """The row of the preview, whose times are 95th percentiles, and the row of the contact sheet."""
    with (
        launch_browser() as browser,
        run_server(DEMO_COMMAND) as (demo_url, _, _),
        run_server(ECHO_COMMAND) as (baseline_url, _, _),
    ):
        page, echo = browser.new_page(), browser.new_page()
        page.goto(demo_url)
        page.locator("#facial-aesthetics-tab-button").click()
        _upload_photo(page)
        echo.goto(baseline_url)
        echo.wait_for_selector("#facial-aesthetics-strength input[type=range]")
        return [_measure_preview_row(page, echo), _measure_sheet_row(page)]


def _measure_preview_row(page: Page, echo: Page) -> Row:
    pairs = []
    for number in range(MOVE_COUNT + 5):
        value = 0.05 * (1 + number % 18)
        pairs.append((echo.evaluate(MOVE_SLIDER_JS, value), page.evaluate(MOVE_SLIDER_JS, value)))
    base_s, done_s = (_compute_p95(times) for times in zip(*pairs[5:], strict=True))
    median_s = statistics.median(done for _, done in pairs[5:])
    name = f"preview at 512 px, p95 (median {median_s * 1e3:.0f}, aim ≤ {MAX_PREVIEW_S * 1e3:.0f} ms)"
    return Row(name, "a Gradio event that does nothing, p95", base_s, done_s, done_s / base_s, 2.0)


def _measure_sheet_row(page: Page, rounds: int = 9) -> Row:
    """Each round uses a new photo, whose face the preview has already detected."""
    photo, endpoint = make_large_photo(), CATALOGUE["facial_aesthetics"]

    def render_sheet() -> None:
        list(render_shapes(crop_face(endpoint, photo)))

    render_sheet()
    pairs, first_times = [], []
    for _ in range(rounds):
        _upload_photo(page)
        found = page.evaluate(OPEN_SHEET_JS)
        pairs.append((measure_seconds(render_sheet), found["all"]))
        first_times.append(found["first"])
    name = f"sheet of 22 (first {statistics.median(first_times) * 1e3:.0f} ms, aim ≤ {MAX_SHEET_S * 1e3:.0f} ms)"
    return summarize(name, "finding the face and 22 shapes of it", pairs, None)


def _upload_photo(page: Page) -> None:
    """Upload a new photo, which removes the previous sheet, and wait for its preview, which detects the face."""
    photo = page.locator("#facial-aesthetics-photo")
    if photo.locator("img[src*='/file=']").count():
        photo.locator(".icon-button-wrapper button").click()
        photo.locator("img[src*='/file=']").wait_for(state="detached")
        page.locator("#facial-aesthetics-sheet .sheet").wait_for(state="detached")
    file = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": make_large_photo()}
    photo.locator("input[data-testid=file-upload]").set_input_files(file)
    page.locator("#facial-aesthetics-preview .compare > img").wait_for()


@cache
def make_large_photo() -> bytes:
    """A photo whose face fills a preview of 512 px."""
    return codec.encode(np.asarray(cv2.resize(load_astronaut(), (1900, 1900), interpolation=cv2.INTER_CUBIC), np.uint8))


def _compute_p95(times: tuple[float, ...]) -> float:
    return statistics.quantiles(times, n=20)[-1]
