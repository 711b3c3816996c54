"""Uploads in the browser: file, drag and drop, clipboard, camera, HEIC, and the note below the result."""

import base64
import io
import re

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image as Picture
from playwright.sync_api import expect

from browser.page_actions import SHOWN, Panel
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

from .chromium import LEFT, RIGHT

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def phone_photo(pictures):
    """The astronaut as a phone stores it: 4500×4400, lying on its side (EXIF orientation 6), with a place in it."""
    upright = cv2.resize(load_astronaut()[:500], (4500, 4400), interpolation=cv2.INTER_LINEAR)
    picture = Picture.fromarray(np.rot90(upright))
    exif = picture.getexif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 14.0), 3: "E", 4: (11.0, 34.0, 31.0)})
    path = pictures / "IMG_0001.jpg"
    picture.save(path, exif=exif, quality=90)
    return path


def alike(data: bytes, pixels: np.ndarray) -> bool:
    """Whether the picture in `data` shows `pixels`, whatever the size."""
    small = [
        cv2.resize(each, (64, 64), interpolation=cv2.INTER_AREA).astype(float) for each in (codec.decode(data), pixels)
    ]
    return bool(np.abs(small[0] - small[1]).mean() < 6)


def test_upload_turns_and_reduces_a_phone_photo_and_says_so(page, phone_photo):
    """A note below the result says what was done to the photo; its GPS position is not sent."""
    panel = Panel(page, "facial-aesthetics").upload(phone_photo).run()
    said = panel.stage.locator(".sent").inner_text()
    assert said.startswith("Your photo:")
    assert "turned upright" in said
    assert re.search(r"4500×4400 → \d+×\d+", said), said
    assert re.search(r"[\d.]+ MB → \d+ KB", said), said
    before, after = panel.pictures()
    assert alike(before, load_astronaut()[:500])
    for data in (before, after):
        assert not Picture.open(io.BytesIO(data)).getexif().get_ifd(0x8825)


def test_upload_by_drag_and_drop(page, astronaut_jpeg):
    """A photo that is dropped on the panel is taken."""
    panel = Panel(page, "facial-aesthetics")
    panel.clear()
    dropped = page.evaluate_handle(
        """text => { const carried = new DataTransfer(), bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
             carried.items.add(new File([bytes], 'dropped.jpg', {type: 'image/jpeg'})); return carried; }""",
        base64.b64encode(astronaut_jpeg).decode(),
    )
    place = panel.part("photo").locator("button:has(input[data-testid=file-upload])").first
    for event in ("dragenter", "dragover", "drop"):
        place.dispatch_event(event, {"dataTransfer": dropped})
    panel.part("photo").locator(SHOWN).wait_for(state="attached")
    assert alike(panel.run().pictures()[0], load_astronaut())


def test_upload_by_paste(page):
    """The paste button takes a photo from the clipboard."""
    panel = Panel(page, "facial-aesthetics")
    panel.clear()
    png = cv2.imencode(".png", load_astronaut()[..., ::-1])[1].tobytes()
    page.evaluate(
        """async text => { const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
             const blob = new Blob([bytes], {type: 'image/png'});
             await navigator.clipboard.write([new ClipboardItem({'image/png': blob})]); }""",
        base64.b64encode(png).decode(),
    )
    panel.part("photo").get_by_role("button", name="Paste from clipboard").click()
    panel.part("photo").locator(SHOWN).wait_for(state="attached")
    assert alike(panel.run().pictures()[0], load_astronaut())


def test_upload_from_the_camera_is_not_mirrored(page):
    """What was left in the room is left in the picture that is sent."""
    panel = Panel(page, "facial-aesthetics").snapshot()
    before = codec.decode(panel.run().pictures()[0]).astype(float)
    width = before.shape[1]
    assert np.abs(before[:, : width // 20] - LEFT).mean() < 40
    assert np.abs(before[:, -width // 20 :] - RIGHT).mean() < 40


def test_upload_of_heic(page, pictures):
    """What an iPhone stores works although the browser cannot show it."""
    path = pictures / "IMG_0002.HEIC"  # a path and not a dict: the browser then finds out its type, and finds none
    pillow_heif.from_pillow(Picture.fromarray(load_astronaut())).save(path, quality=80)
    panel = Panel(page, "facial-aesthetics").upload(path).run()
    assert alike(panel.pictures()[0], load_astronaut())
    assert "HEIC" in page.locator(".sent:visible").inner_text()


def test_shared_photo_is_in_every_panel_without_one_of_its_own(page, pictures):
    """Given in one panel it stands in the others; a panel's own photo stays its own, and leaves theirs alone."""
    own = pictures / "own.jpg"
    own.write_bytes(codec.encode(load_astronaut()[:300, 100:400]))
    Panel(page, "face-fuse").example()
    shows(page, "facial-aesthetics", "astronaut.jpg")
    Panel(page, "anime-avatar").upload(own)
    shows(page, "anime-avatar", "own.jpg")
    shows(page, "face-fuse", "astronaut.jpg")
    Panel(page, "face-fuse").upload({"name": "next.jpg", "mimeType": "image/jpeg", "buffer": own.read_bytes()})
    shows(page, "facial-aesthetics", "next.jpg")
    shows(page, "anime-avatar", "own.jpg")


def shows(page, slug: str, name: str) -> None:
    """Waits until the panel has the photo of this name."""
    photo = Panel(page, slug).part("photo").locator(SHOWN).first
    expect(photo).to_have_attribute("src", re.compile(rf"{re.escape(name)}$"))
