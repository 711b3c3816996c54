"""Live calls in the browser: vendors that work, are retired, unreachable or slow; and consent."""

import pytest
from playwright.sync_api import expect

from browser.page_actions import Panel

pytestmark = pytest.mark.xdist_group("browser")


def test_live_panels_call_the_vendor_with_keys(visit, live_demo):
    """With keys, panels call the vendor (here the stand-alone server); badges and results say live."""
    page = visit(live_demo)
    expect(page.locator("#masthead .badge").first).to_contain_text("live")
    for slug, maker in (("face-fuse", "Made by 127.0.0.1"), ("facial-aesthetics", "Made by 127.0.0.1")):
        panel = Panel(page, slug).example().agree().run()
        badge = panel.stage.locator(".facts .badge")
        assert badge.inner_text() == maker
        assert "live" in badge.get_attribute("class")


def test_retired_vendor_is_explained_and_offline_is_one_click_away(visit, retired_demo):
    """The vendor's 404 is told as what it is, and one click gives the result all the same."""
    page = visit(retired_demo)
    panel = Panel(page, "facial-aesthetics").example().agree().run()
    assert panel.stage.locator(".stage h2").inner_text() == "This API is not offered here."
    assert "ERROR_AI_NOT_EXISTS" in panel.stage.inner_text()
    with panel.ending():
        page.get_by_role("button", name="Run it on the offline engine").click()
    assert panel.stage.locator(".facts .badge").inner_text() == "Offline engine"
    expect(panel.part("offline")).to_be_hidden()


def test_unreachable_vendor_is_explained(visit, cut_off_demo):
    """A vendor address where nothing listens is explained as unreachable."""
    panel = Panel(visit(cut_off_demo), "anime-avatar").example().agree().run()
    assert panel.stage.locator(".stage h2").inner_text() == "The service does not take connections."
    expect(panel.part("offline")).to_be_visible()


def test_progress_of_a_slow_call_is_shown(visit, retired_demo, answers):
    """While a vendor is slow, the result view says that it waits; then the answer replaces that."""
    answers.clear()  # whoever used the vendor before has had theirs
    panel = Panel(visit(retired_demo), "quality-restoration").example().agree()
    panel.run_button.click()
    expect(panel.stage.get_by_role("status")).to_have_text("Waiting for 127.0.0.1")
    size = panel.stage.locator(".stage").bounding_box()
    with panel.ending():
        answers.set()
    assert "20003" in panel.stage.inner_text()
    assert panel.stage.locator(".stage").bounding_box() == size


def test_consent_is_asked_for_each_photo(visit, live_demo):
    """Without the tick nothing is sent and the offline engine is offered; another photo clears the tick."""
    page = visit(live_demo)
    panel = Panel(page, "anime-avatar").example()
    box = panel.part("consent").locator("input")
    expect(box).not_to_be_checked()
    expect(panel.part("consent")).to_contain_text("may be sent to 127.0.0.1.")
    panel.run()
    assert panel.stage.locator(".stage h2").inner_text() == "A live call needs your consent."
    expect(panel.part("offline")).to_be_visible()
    panel.agree().run()
    assert panel.stage.locator(".facts .badge").inner_text() == "Made by 127.0.0.1"
    panel.example()
    expect(box).not_to_be_checked()


def test_consent_is_not_asked_without_keys(page):
    """Offline the photo stays on this machine, so there is no consent box; the receipt says the same."""
    panel = Panel(page, "face-fuse").example()
    expect(panel.part("consent")).to_be_hidden()
    panel.run()
    panel.stage.locator(".receipt summary").click()
    expect(panel.stage.locator(".receipt")).to_contain_text("processed on this server")
