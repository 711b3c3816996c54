"""Kiosk mode (`?stage=1`): large, reset for each person, and offline when the network fails."""

import pytest
from playwright.sync_api import expect

from browser.page_actions import SHOWN, Panel
from browser.test_live_vs_offline_page import looks_right

pytestmark = pytest.mark.xdist_group("browser")
SIZES = ({"width": 1280, "height": 720}, {"width": 1920, "height": 1080}, {"width": 390, "height": 844})
HIDDEN = (
    "#forget",
    "#own-keys",
    "#failure-lab-tab-button",
    "#verify-tab-button",
    ".masthead a",
    "#face-fuse-live-vs-offline",
)


def photo_is_in(panel: Panel) -> Panel:
    """The example, and where it may leave the machine, the consent to that."""
    panel.example()
    panel.part("check").locator(".check").wait_for(state="attached")
    panel.part("consent").locator("input").check()
    return panel


def test_kiosk_mode_falls_back_offline_and_resets_for_the_next_person(visit, cut_off_demo):
    """The badge changes and the words say why. Then nobody touches anything: a countdown that any key stops; when none
    does, photo and result are gone from the server, and the page is at its beginning, still on the stage."""
    page = visit(f"{cut_off_demo}/?stage=1&idle=5", viewport=SIZES[0], locale="zh-CN", fresh=True)
    for hidden in HIDDEN:
        expect(page.locator(hidden).first).to_be_hidden()
    panel = photo_is_in(Panel(page, "facial-aesthetics"))
    panel.part("strength").locator("input[type=number]").fill("1")
    panel.run()
    assert panel.stage.locator(".facts .badge").inner_text() == "离线引擎"
    said = panel.stage.locator(".note").inner_text()
    assert "服务商没有接受连接" in said
    assert "离线引擎" in said
    assert "本次没有产生费用" in said
    looks_right(page, SIZES[:2])

    addresses = [
        panel.stage.locator(".compare img").first.evaluate("image => image.src"),
        panel.part("photo").locator(SHOWN).first.evaluate("image => image.src"),
    ]
    assert [page.request.get(address).status for address in addresses] == [200, 200]
    name = page.evaluate("sessionStorage.tabName")
    page.evaluate("sessionStorage.recipe = 'theirs'")
    page.clock.install()
    page.clock.fast_forward(285_000)
    going = page.locator("#kiosk .going")
    expect(going).to_be_visible()
    assert 1 <= int(going.locator("b").inner_text()) <= 16
    looks_right(page, SIZES[2:])
    page.keyboard.press("Shift")
    expect(going).to_be_hidden()
    page.clock.fast_forward(270_000)
    page.wait_for_timeout(600)
    expect(going).to_be_hidden()
    page.evaluate("scrollTo(0, 999)")
    page.clock.fast_forward(31_000)
    expect(page.locator("#kiosk .gone")).to_be_visible(timeout=30_000)
    page.wait_for_selector("#face-fuse-run")
    assert all(page.request.get(address).status in (403, 404) for address in addresses)
    expect(page.get_by_role("tab").first).to_have_attribute("aria-selected", "true")
    assert page.evaluate("[scrollY, location.search]") == [0, "?stage=1&idle=5"]
    assert page.evaluate("sessionStorage.tabName") != name
    assert page.evaluate("sessionStorage.recipe") != "theirs"
    panel = Panel(page, "facial-aesthetics")
    expect(panel.part("photo").locator(SHOWN)).to_have_count(0)
    expect(panel.part("strength").locator("input[type=number]")).to_have_value("0.5")
    expect(page.locator("#kiosk .gone")).to_be_hidden()  # somebody has touched the page


def test_kiosk_mode_never_resets_during_a_run_and_can_be_left(visit, retired_demo, answers):
    """The countdown pauses during a run however long the vendor takes, a refusal stays, and Escape twice leaves."""
    answers.clear()
    page = visit(f"{retired_demo}/?stage=1", viewport=SIZES[0], fresh=True)
    panel = photo_is_in(Panel(page, "quality-restoration"))
    page.clock.install()
    panel.run_button.click()
    panel.stage.get_by_text("Waiting for 127.0.0.1").wait_for()
    page.clock.fast_forward(400_000)
    page.wait_for_timeout(600)
    expect(page.locator("#kiosk .going")).to_be_hidden()
    with panel.ending():
        answers.set()
    assert panel.stage.locator(".stage h2").inner_text() == "No face was found in this photo."
    for _ in range(2):
        page.keyboard.press("Escape")
    expect(page.locator("#forget")).to_be_visible()
    assert page.evaluate("location.search") == ""
    page.clock.fast_forward(400_000)
    page.wait_for_timeout(600)
    expect(panel.part("photo").locator(SHOWN).first).to_be_attached()
