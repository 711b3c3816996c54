"""What a photo's box says: the camera's refusals, a link dropped in place of a picture, one toast for one upload."""

import pytest
from playwright.sync_api import expect

from meitu_demo.domain.translations import translate

from .chromium import new_context, open_page

pytestmark = pytest.mark.xdist_group("browser")
REJECT = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', '%s'); }"
REFUSALS = {
    "denied": REJECT % "NotAllowedError",
    "absent": REJECT % "NotFoundError",
    "in_use": REJECT % "NotReadableError",
    "insecure": "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})",
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refused_camera_is_explained_at_the_photo(browser, demo, refusal):
    """Words instead of silence, a raw key or a script's error; they go with the next click."""
    with open_page(browser, demo, fresh=True) as page:
        page.evaluate(f"() => {{ {REFUSALS[refusal]} }}")
        photo = page.locator("#face-fuse-photo")
        photo.get_by_role("button", name="Capture from camera").click()
        photo.get_by_text("Click to Access Webcam").click()
        words = photo.get_by_role("alert")
        expect(words).to_contain_text(translate(f"photo.camera.{refusal}.title", "en"))
        expect(page.locator("[data-testid=toast-body]")).to_have_count(0)
        photo.get_by_role("button", name="Upload file").click()
        expect(words).to_have_count(0)


def test_dropped_link_is_explained_at_the_photo(page):
    """A picture dragged out of another page carries only its address: the box says so."""
    page.evaluate("""() => {
      const carried = new DataTransfer();
      carried.setData('text/uri-list', 'https://pictures.example/a.jpg');
      document.querySelector('#face-fuse-photo button').dispatchEvent(
        new DragEvent('drop', {dataTransfer: carried, bubbles: true, cancelable: true}));
    }""")
    expect(page.locator("#face-fuse-photo [role=alert]")).to_contain_text(translate("photo.url_only.title", "en"))


def test_one_lost_upload_is_one_message(browser, demo):
    """The panels share a photo, and each reports that it is gone; a person reads it once."""
    page = new_context(browser, locale="en-US").new_page()
    page.goto(demo)
    gone = '["/nowhere/a.jpg"]'
    page.route("**/gradio_api/upload*", lambda route: route.fulfill(body=gone, content_type="application/json"))
    page.locator("#face-fuse-photo input[type=file]").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"x"}
    )
    page.wait_for_function("document.querySelectorAll('[data-testid=toast-text]').length > 1")
    expect(page.locator("[data-testid=toast-text]:visible")).to_have_count(1)
    page.context.close()
