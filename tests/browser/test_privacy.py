"""Privacy in the browser: marks in downloads, and the button that deletes everything."""

import pytest
from playwright.sync_api import expect

from browser.page_actions import SHOWN, Panel
from meitu_demo.photos import codec
from meitu_demo.photos.provenance import read_provenance

pytestmark = pytest.mark.xdist_group("browser")


def test_download_is_marked_and_verify_reads_the_marks(page, pictures):
    """The Verify tab reads the marks of a downloaded result; a photo without marks is not called genuine."""
    panel = Panel(page, "facial-aesthetics").example().run()
    with page.expect_download() as download:
        panel.stage.locator(".facts .download").click()
    file = pictures / download.value.suggested_filename
    download.value.save_as(file)
    mark = read_provenance(file.read_bytes())
    assert mark is not None
    panel = Panel(page, "verify").upload(file).run()
    expect(panel.stage.locator(".stage h2")).to_have_text("This picture is marked as made by this demo.")
    expect(panel.stage).to_contain_text(mark.result_id)
    plain = pictures / "plain.jpg"
    plain.write_bytes(codec.encode(codec.decode(file.read_bytes())))
    panel.upload(plain).run()
    expect(panel.stage.locator(".stage h2")).to_have_text("No mark was found.")
    expect(panel.stage).to_contain_text("The picture may still be AI-made")


def test_delete_everything_deletes_and_checks(page):
    """Photo and result leave the page, their addresses answer no more, and the page says that it looked."""
    panel = Panel(page, "quality-restoration").example().run()
    addresses = [
        panel.stage.locator(".compare > img").first.evaluate("image => image.src"),
        panel.stage.locator(".facts .download").evaluate("link => link.href"),
    ]
    photo = panel.part("photo").locator(SHOWN).first.evaluate("image => image.src")
    assert all(page.request.get(address).status == 200 for address in addresses)
    page.locator("#delete-data").click()
    expect(page.locator("#delete-data-message")).to_contain_text("Checked: nothing left")
    expect(panel.stage.locator(".placeholder")).to_be_visible()
    expect(panel.part("photo").locator(SHOWN)).to_have_count(0)
    assert all(page.request.get(address).status == 404 for address in addresses)
    assert page.request.get(photo).status != 200 or "astronaut" in photo or "degraded" in photo
