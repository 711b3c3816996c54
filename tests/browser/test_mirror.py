"""The magic mirror in the browser: frames, the camera, and explanations of failures."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from browser.page_actions import SHOWN, Panel
from meitu_demo.domain.translations import get_texts

from .chromium import READY, new_context

pytestmark = pytest.mark.xdist_group("browser")
STATES = get_texts("en")["mirror"]["states"]
# Remembers the cameras that the page was given.
CAMERAS = """() => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.cameras = [];
  navigator.mediaDevices.getUserMedia = async wish => {
    window.cameras.push(await ask(wish));
    return window.cameras.at(-1);
  };
}"""
LIGHT = "() => window.cameras.some(camera => camera.getTracks().some(track => track.readyState === 'live'))"
# What the picture shows at the camera's left margin: red there, and on the person's right as in a mirror, by CSS.
LEFT_MARGIN = """() => { const canvas = document.querySelector('#mirror canvas');
  return [...canvas.getContext('2d').getImageData(20, 400, 1, 1).data]; }"""


def state(page: Page, *names: str) -> None:
    """Waits until the mirror is in one of these states."""
    page.wait_for_selector(", ".join(f"#mirror[data-state={name}]" for name in names))


def answering(status: int, slug: str) -> Callable[[Route], None]:
    """For `page.route`: the server refuses every frame so."""
    return lambda route: route.fulfill(status=status, json={"slug": slug})


def test_mirror_counts_frames_and_frees_the_camera(page):
    """The camera is asked for at the start; frames come and are counted; stopping, leaving and taking one free it."""
    page.evaluate(CAMERAS)
    run = Panel(page, "mirror").run_button
    assert not page.evaluate("window.cameras.length")
    run.focus()
    page.keyboard.press("Enter")
    state(page, "face")
    assert page.evaluate(LIGHT)
    expect(page.locator("#mirror .aside")).to_have_text("The mirror is on. Nothing is stored.")
    expect(page.locator("#mirror .fps")).to_have_text(re.compile(r"^[1-9][\d.]* frames a second$"))
    red, green, blue, _ = page.evaluate(LEFT_MARGIN)
    assert red > 150 > 100 > max(green, blue)
    canvas = page.locator("#mirror canvas")
    assert canvas.evaluate("canvas => getComputedStyle(canvas).transform").startswith("matrix(-1")

    with page.expect_request(re.compile(r"mirror\?shapes=3:0\.6,7:0\.55,14:0$")):
        page.get_by_role("combobox", name="Shape 1", exact=True).select_option("3")
        page.get_by_role("slider", name="Strength of shape 2").press("ArrowRight")
    with page.expect_request(re.compile(r"mirror\?shapes=$")):
        page.get_by_role("button", name="Original").click()

    with page.expect_request(lambda request: request.method == "DELETE"):
        run.press("Enter")
    state(page, "stopped")
    assert not page.evaluate(LIGHT)
    assert canvas.evaluate("canvas => canvas.width") == 0
    expect(run).to_be_focused()

    run.click()
    state(page, "face")
    page.get_by_role("tab").first.click()
    page.wait_for_function(f"!({LIGHT})()")
    Panel(page, "mirror")
    state(page, "left")
    expect(page.locator("#mirror .word")).to_contain_text(STATES["left"]["title"])

    run.click()
    state(page, "face")
    page.get_by_role("button", name="Use as photo").click()
    page.locator(f"#face-fuse-photo {SHOWN}").wait_for()
    assert not page.evaluate(LIGHT)


def test_mirror_explains_every_failure(browser, demo):
    """Each failure is explained: camera denied, absent, in use, unplugged or forbidden; server gone, busy or closed."""
    context = new_context(browser, locale="en-US")
    page = context.new_page()
    page.goto(demo)
    page.wait_for_selector(READY)
    run = Panel(page, "mirror").run_button
    word = page.locator("#mirror .word")

    def said(name: str) -> None:
        state(page, name)
        expect(word.locator("h2")).to_have_text(STATES[name]["title"])
        expect(word.locator("p")).to_have_text(STATES[name]["text"])

    fails = "error => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', error); }; }"
    page.evaluate("() => { window.real = navigator.mediaDevices.getUserMedia; }")
    for error, name in (("NotAllowedError", "denied"), ("NotFoundError", "absent"), ("NotReadableError", "in_use")):
        page.evaluate(fails, error)
        run.click()
        said(name)
        expect(run).to_have_text("Start the mirror", use_inner_text=True)
    page.evaluate("() => { navigator.mediaDevices.getUserMedia = undefined; }")
    run.click()
    said("insecure")

    page.evaluate("() => { navigator.mediaDevices.getUserMedia = window.real; }")
    context.grant_permissions(["camera"])
    answers = [(503, "taken"), (503, "giving_way"), (500, "away")]
    for status, name in answers:
        page.route("**/mirror?*", answering(status, name))
        if name == "taken":
            run.click()
        said(name)
        page.unroute("**/mirror?*")
        state(page, "face", "no_face")
    for status, name in ((401, "login"), (404, "closed")):
        page.route("**/mirror?*", answering(status, name))
        said(name)
        page.unroute("**/mirror?*")
        run.click()
        state(page, "face", "no_face")
    page.evaluate("document.querySelector('#mirror video').srcObject.getTracks()[0].dispatchEvent(new Event('ended'))")
    said("lost")
    context.close()
