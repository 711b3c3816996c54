"""What a person waits for on the page, in a real browser: a preview after a slider's move, a sheet after a click.

The baseline of a preview is what Gradio needs for an event that does nothing, between the same two points: a slider in
its simplest app, whose number comes back as HTML.
"""

import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from shutil import which

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.imaging import codec
from meitu_demo.imaging.astronaut import load_astronaut
from meitu_demo.sheets import crop_face, render_preview

from .ratio import Row, seconds
from .server import OURS, serving

ECHO = """
import sys, gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    slider = gr.Slider(0, 1, 0.5, step=0.05, elem_id="facial-aesthetics-strength")
    shown = gr.HTML("<img>", elem_id="facial-aesthetics-preview")
    slider.change(lambda value: f'<img src="data:,{value}">', slider, shown, show_progress="hidden",
                  trigger_mode="always_last")
demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""
SIMPLEST = [sys.executable, "-c", ECHO]
MOVES = 60
PREVIEW_AIM_S, SHEET_AIM_S = 0.150, 1.5
# Moves the slider and waits until another picture stands in the preview's place and has been painted.
MOVE = """async value => {
  const slider = document.querySelector('#facial-aesthetics-strength input[type=range]');
  const source = () => document.querySelector('#facial-aesthetics-preview img')?.src;
  const before = source(), begun = performance.now();
  slider.value = value;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  while (source() === before) {
    if (performance.now() - begun > 10000) throw new Error('no preview came');
    await new Promise(done => setTimeout(done, 1));
  }
  await document.querySelector('#facial-aesthetics-preview img').decode().catch(() => 0);
  return (performance.now() - begun) / 1000;
}"""
SEE = """async () => {
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
    """The preview's row, whose times are 95th percentiles, and the sheet's."""
    with browsing() as browser, serving(OURS) as (ours, _, _), serving(SIMPLEST) as (simple, _, _):
        page, echo = browser.new_page(), browser.new_page()
        _open(page, ours)
        echo.goto(simple)
        echo.wait_for_selector("#facial-aesthetics-strength input[type=range]")
        return [_preview_row(page, echo), _sheet_row(page)]


def _preview_row(page: Page, echo: Page) -> Row:
    pairs = []
    for number in range(MOVES + 5):
        value = 0.05 * (1 + number % 18)
        pairs.append((echo.evaluate(MOVE, value), page.evaluate(MOVE, value)))
    base_s, done_s = (_p95(times) for times in zip(*pairs[5:], strict=True))
    middle = statistics.median(done for _, done in pairs[5:])
    name = f"preview at 512 px, p95 (median {middle * 1e3:.0f}, aim ≤ {PREVIEW_AIM_S * 1e3:.0f} ms)"
    return Row(name, "a Gradio event that does nothing, p95", base_s, done_s, done_s / base_s, 2.0)


def _sheet_row(page: Page, runs: int = 9) -> Row:
    """Each time on a photo that is new to the page; its face is known from the preview."""
    photo, endpoint = large_photo(), CATALOGUE["facial_aesthetics"]

    def shapes() -> None:
        closeup = crop_face(endpoint, photo)
        for number in range(22):
            render_preview(closeup, number, 1.0)

    shapes()
    pairs, firsts = [], []
    for _ in range(runs):
        _take_photo(page)
        found = page.evaluate(SEE)
        pairs.append((seconds(shapes), found["all"]))
        firsts.append(found["first"])
    base_s, done_s = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(done / base for base, done in pairs)
    name = f"sheet of 22 (first {statistics.median(firsts) * 1e3:.0f} ms, aim ≤ {SHEET_AIM_S * 1e3:.0f} ms)"
    return Row(name, "finding the face and 22 shapes of it", base_s, done_s, ratio, None)


@contextmanager
def browsing() -> Iterator[Browser]:
    """A headless browser."""
    executable = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := which(name))), None
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def _open(page: Page, url: str) -> None:
    page.goto(url)
    page.locator("#facial-aesthetics-tab-button").click()
    _take_photo(page)


def _take_photo(page: Page) -> None:
    """A new photo: the sheet of the one before goes with it. The face is found once its preview is there."""
    photo = page.locator("#facial-aesthetics-photo")
    if photo.locator("img[src*='/file=']").count():
        photo.locator(".icon-button-wrapper button").click()
        page.locator("#facial-aesthetics-preview p").wait_for()
        page.locator("#facial-aesthetics-sheet .sheet").wait_for(state="detached")
    file = {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": large_photo()}
    photo.locator("input[data-testid=file-upload]").set_input_files(file)
    page.locator("#facial-aesthetics-preview img").wait_for()


@cache
def large_photo() -> bytes:
    """A photo whose face fills a preview of 512 px."""
    return codec.encode(np.asarray(cv2.resize(load_astronaut(), (1900, 1900), interpolation=cv2.INTER_CUBIC), np.uint8))


def _p95(times: tuple[float, ...]) -> float:
    return statistics.quantiles(times, n=20)[-1]
