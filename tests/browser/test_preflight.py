"""The preflight in the browser: verdicts before anything is sent, and one-click fixes."""

import numpy as np
import pytest
from playwright.sync_api import expect
from skimage.data import coffee

from browser.page_actions import Panel
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

pytestmark = pytest.mark.xdist_group("browser")
HEAD = np.ascontiguousarray(load_astronaut()[0:320, 60:380])


def photo(pixels: np.ndarray, name: str) -> dict[str, object]:
    """A file to upload."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": codec.encode(np.ascontiguousarray(pixels))}


def test_preflight_judges_a_photo_on_upload(page):
    """The verdict comes with the upload: accepted, refused with the reason, accepted where no face is needed."""
    panel = Panel(page, "face-fuse").example()
    check = panel.part("check")
    expect(check.locator(".check.ok")).to_contain_text("Ready · 1 face")
    panel.upload(photo(coffee(), "cup.jpg"))
    expect(check.locator(".check.refuse")).to_contain_text("No face was found in this photo.")
    panel = Panel(page, "quality-restoration")
    expect(panel.part("check").locator(".check.ok")).to_be_visible()
    panel.clear()
    expect(panel.part("check").locator(".check")).to_have_count(0)


def test_preflight_runs_once_for_a_photo(page):
    """Each panel checks the photo when it is opened for the first time, and not when it is opened again."""
    find_checks = (
        "gradio_config.dependencies.filter(event => event.api_name.startsWith('run_preflight')).map(event => event.id)"
    )
    checks, run = page.evaluate(find_checks), []
    page.on("request", lambda request: "/queue/join" in request.url and run.append(request.post_data_json["fn_index"]))
    slugs = ("face-fuse", "anime-avatar")
    Panel(page, slugs[0]).example()
    for slug in (*slugs, *slugs):
        expect(Panel(page, slug).part("check").locator(".check.ok")).to_be_visible()
        Panel(page, slug).part("preview").locator(".result").wait_for()
    page.wait_for_timeout(500)
    assert len([event for event in run if event in checks]) == len(slugs)


def test_preflight_chooses_a_face_by_click_or_key(page):
    """Two faces are marked, one as used; choosing the other leaves a photo in which it is the only one."""
    panel = Panel(page, "facial-aesthetics").upload(photo(np.hstack([HEAD, HEAD[:, ::-1]]), "two.jpg"))
    check = panel.part("check")
    other = check.get_by_role("button", name="Face 2, not used")
    expect(other).to_be_visible()
    other.focus()
    page.keyboard.press("Enter")
    expect(check.locator(".check.ok")).to_be_visible()
    panel.run()
    assert panel.stage.locator(".facts .badge").inner_text() == "Offline engine"


def test_preflight_turns_an_upside_down_photo_by_one_click(page):
    """The fix is offered where it helps, and nowhere else; one click turns the photo."""
    panel = Panel(page, "anime-avatar").upload(photo(HEAD[::-1, ::-1], "fallen.jpg"))
    panel.part("mend-upright").click()
    expect(panel.part("check").locator(".check.ok")).to_be_visible()
    expect(panel.part("mend-upright")).to_be_hidden()
