"""The history in the browser: runs are listed, compared, repeated, downloaded as a ZIP and deleted."""

import json
import zipfile

import pytest
from playwright.sync_api import expect

from browser.page_actions import SHOWN, History, Panel
from meitu_demo.photos.provenance import read_provenance

pytestmark = pytest.mark.xdist_group("browser")


def test_history_lists_compares_repeats_archives_and_deletes_runs(page, pictures):
    """Two runs by keyboard and mouse, through a reload, to a ZIP that is whole; then nothing of it is left."""
    history = History(page)
    expect(history.stage.locator(".stage h2")).to_have_text("Your runs appear here")
    panel = Panel(page, "facial-aesthetics").example()
    for strength in ("1", "0.3"):
        panel.part("strength").locator("input[type=number]").fill(strength)
        page.keyboard.press("Tab")
        panel.run()
    page.reload()
    page.wait_for_selector("#facial-aesthetics-run")  # the address names its tab
    history = History(page)
    runs = history.runs
    expect(runs).to_have_count(2)
    expect(runs.first).to_have_attribute("aria-current", "true")
    expect(runs.first).to_contain_text("Bigger eyes · Strength 0.3")

    runs.nth(1).focus()
    page.keyboard.press("Enter")
    expect(runs.nth(1)).to_have_attribute("aria-current", "true")
    expect(runs.first).not_to_have_attribute("aria-current", "true")
    expect(history.stage.locator(".side")).to_contain_text("Strength 1")
    page.get_by_role("button", name="Compare with the current result").click()
    expect(history.tags).to_have_text(["Bigger eyes · Strength 1", "Current result: Bigger eyes · Strength 0.3"])
    history.stage.locator("input[type=range]").press("ArrowRight")
    page.get_by_role("button", name="Original and result").click()
    expect(history.tags).to_have_text(["Original", "Result"])
    page.get_by_role("button", name="Compare with the chosen run").first.click()
    expect(history.stage.locator(".side")).to_have_count(2)

    # Without a photo the panel waits for its person; with one, the free run is made.
    panel = Panel(page, "facial-aesthetics")
    panel.part("photo").locator(SHOWN).wait_for()  # the reload has left it there
    panel.clear()
    History(page)
    expect(runs.nth(1)).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Run again").click()
    expect(panel.run_button).to_be_focused()
    expect(panel.part("strength").locator("input[type=number]")).to_have_value("1")
    panel.example()
    History(page)
    history.choose(0)
    with panel.ending():
        page.get_by_role("button", name="Run again").click()
    expect(panel.part("strength").locator("input[type=number]")).to_have_value("0.3")
    History(page)
    expect(runs).to_have_count(3)
    expect(runs.first).to_contain_text("Strength 0.3")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    file = pictures / download.value.suggested_filename
    download.value.save_as(file)
    with zipfile.ZipFile(file) as packed:
        *names, listing = packed.namelist()
        told = json.loads(packed.read(listing))["runs"]
        assert [run["file"] for run in told] == names
        assert [run["settings"]["strength"] for run in told] == [1.0, 0.3, 0.3]
        assert all(read_provenance(packed.read(name)) for name in names)

    address = page.locator(".runs-all").evaluate("link => link.href")
    page.locator("#delete-data").click()
    expect(page.locator("#delete-data-message")).to_contain_text("runs in your history 3")
    expect(page.locator("#delete-data-message")).to_contain_text("Checked: nothing left")
    expect(page.locator("#history-list")).to_contain_text("No runs in this tab yet.")
    expect(history.stage.locator(".stage h2")).to_have_text("Your runs appear here")
    assert page.request.get(address).status == 404


def test_history_makes_no_paid_call(visit, live_demo):
    """A live run is only set up again: its panel opens with its settings, and the person presses the button."""
    page = visit(live_demo)
    panel = Panel(page, "anime-avatar").example().agree().run()
    history = History(page)
    expect(history.runs).to_contain_text(["live: 127.0.0.1"])
    expect(page.get_by_role("button", name="Run again")).to_be_hidden()
    page.get_by_role("button", name="Open with these settings").click()
    expect(panel.run_button).to_be_focused()
    assert History(page).runs.count() == 1
    expect(panel.stage.locator(".result")).to_be_attached()
