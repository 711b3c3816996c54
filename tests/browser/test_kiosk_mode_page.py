"""Kiosk mode (`?stage=1`): large, reset for each person, and recorded or offline when the network fails."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect
from support.failure_lab_server import serve_vendor
from support.servers import serve_demo

from browser.conftest import KEYS
from browser.page_actions import SHOWN, Panel
from browser.test_live_vs_offline_page import looks_right

pytestmark = pytest.mark.xdist_group("browser")
SIZES = ({"width": 1280, "height": 720}, {"width": 1920, "height": 1080}, {"width": 390, "height": 844})
# The time stands until `goOn()`, so that the countdown does not run out while a busy machine looks at it.
STOP_CLOCK = """() => { const now = Date.now, stopped = now();
  Date.now = () => stopped;
  window.goOn = () => { const lost = now() - stopped; Date.now = () => now() - lost; }; }"""
HIDDEN = (
    "#delete-data",
    "#own-keys",
    "#developer-tab-button",
    ".masthead a",
    "#face-fuse-live-vs-offline",
)


def photo_is_in(panel: Panel) -> Panel:
    """The example, and where it may leave the machine, the consent to that."""
    panel.example()
    panel.part("check").locator(".check").wait_for(state="attached")
    panel.part("consent").locator("input").check()
    return panel


@pytest.mark.parametrize("slug", ["face-fuse", "anime-avatar"])
def test_kiosk_mode_shows_the_photo_row_whole(visit, demo, slug):
    """On a small projector nothing lies on an example, and the words of the photo's place are not cut off."""
    page = visit(f"{demo}/?stage=1", viewport=SIZES[0])
    panel = Panel(page, slug)
    covered = (
        panel.part("examples")
        .locator("button:visible")
        .evaluate_all("""buttons => buttons.filter(button => {
      const {left, right, top, bottom} = button.getBoundingClientRect();
      return [top + 3, bottom - 3].some(y => !button.contains(document.elementFromPoint((left + right) / 2, y)));
    }).map(button => button.dataset.example)""")
    )
    assert covered == []
    for prompt in panel.part("photo").locator(".prompt").all():  # where the place is low
        assert prompt.evaluate("words => words.scrollHeight <= words.parentElement.clientHeight")


def test_kiosk_mode_shows_the_photo_without_its_check(visit, demo):
    """Where the check has nothing to say it is not shown, and the photo is."""
    panel = Panel(visit(f"{demo}/?stage=1", viewport=SIZES[0]), "face-fuse").example()
    panel.part("check").locator(".face-marks").wait_for(state="attached")
    photo = panel.part("photo").locator(SHOWN)
    expect(photo).to_have_css("opacity", "1")
    expect(panel.part("check")).to_be_hidden()


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
    page.evaluate(STOP_CLOCK)
    going = page.locator("#kiosk .going")
    expect(going).to_be_visible()
    assert 1 <= int(going.locator("b").inner_text()) <= 16
    looks_right(page, SIZES[2:])
    page.keyboard.press("Shift")
    expect(going).to_be_hidden()
    page.evaluate("goOn()")
    page.clock.fast_forward(270_000)
    page.wait_for_timeout(600)
    expect(going).to_be_hidden()
    page.evaluate("scrollTo(0, 999)")
    page.clock.fast_forward(31_000)
    expect(page.locator("#kiosk .gone")).to_be_visible()
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
    expect(page.locator("#delete-data")).to_be_visible()
    assert page.evaluate("location.search") == ""
    page.clock.fast_forward(400_000)
    page.wait_for_timeout(600)
    expect(panel.part("photo").locator(SHOWN).first).to_be_attached()


@pytest.fixture
def demos() -> Iterator[ExitStack]:
    """Demos that stop after the pages of `visit` are closed, if a test names it first: a page would miss its demo."""
    with ExitStack() as stack:
        yield stack


def test_kiosk_mode_shows_a_recording_when_the_network_fails(demos, visit, tmp_path):
    """What was recorded live is shown again once the vendor is gone, as a recording of then, and as nothing sent.
    Deleted in the tab that recorded it, it is gone, and the offline engine takes its place.
    """
    recordings = tmp_path / "recordings"
    with ExitStack() as network:
        vendor = network.enter_context(serve_vendor())
        urls = {"MEITU_BASE_URL": vendor, "AILAB_BASE_URL": vendor, "RECORDINGS": str(recordings)}
        demo = demos.enter_context(serve_demo({**KEYS, **urls}))
        page = visit(demo, viewport=SIZES[0])
        live = Panel(page, "facial-aesthetics").example().agree().run()
        assert "keeps a recording of the result" in live.part("consent").inner_text()
        assert live.stage.locator(".facts .badge").inner_text() == "Made by 127.0.0.1"
        network.close()

        stage = visit(f"{demo}/?stage=1", viewport=SIZES[0], locale="zh-CN")
        panel = photo_is_in(Panel(stage, "facial-aesthetics")).run()
        badge = panel.stage.locator(".facts .badge.recorded").inner_text()
        assert re.fullmatch(r"127\.0\.0\.1的录制结果，20\d\d年\d+月\d+日，\d+\.\d 秒", badge)
        said = panel.stage.locator(".note").inner_text()
        assert "这里展示的是之前录制的结果" in said
        assert "本次没有产生费用" in said
        assert "没有发送任何内容" in panel.stage.locator(".receipt").text_content()
        assert "没有发送任何内容" in panel.stage.locator(".inspector").text_content()
        looks_right(stage, SIZES[:1])

        page.locator("#delete-data").click()
        expect(page.locator("#delete-data-message")).to_contain_text("recordings of your calls 1")
        assert [path.name for path in recordings.iterdir()] == ["secret"]
        panel.run()
        assert panel.stage.locator(".facts .badge").inner_text() == "离线引擎"
