"""Paid calls in the browser: made once, shown again for free, made again only on request."""

import re

import httpx
import pytest
from playwright.sync_api import expect

from browser.page_actions import Panel

pytestmark = pytest.mark.xdist_group("browser")


def billed(vendor: str) -> dict[str, int]:
    return dict(httpx.get(f"{vendor}/lab/charges", trust_env=False).json())


def test_paid_call_is_made_once_per_intent(visit, paying_demo, counting_vendor):
    """A double click, a click on the result, and one after a reload cost one call; then a second one waits its turn."""
    page = visit(paying_demo)
    before = billed(counting_vendor).get("quality_restoration", 0)
    panel = Panel(page, "quality-restoration").example().agree()
    with panel.ending():
        panel.run_button.dblclick()
    expect(panel.stage.locator(".facts")).to_contain_text("One paid call")
    expect(panel.stage.locator(".note")).to_be_hidden()
    panel.run()
    expect(panel.stage.locator(".note")).to_contain_text("nothing was sent or charged twice")
    page.wait_for_function("window.gradio_config !== undefined")
    page.reload()
    panel = Panel(page, "quality-restoration").example().agree().run()
    expect(panel.stage.locator(".note")).to_contain_text("nothing was sent or charged twice")
    assert billed(counting_vendor)["quality_restoration"] - before == 1

    panel.part("again").click()
    expect(panel.stage.locator(".progress")).to_contain_text("rate limit")
    panel.part("stop").click()
    expect(panel.stage.locator(".stage h2")).to_have_text("Stopped.")
    expect(panel.stage).to_contain_text("Nothing had been sent")
    panel.run()
    expect(panel.stage.locator(".note")).to_contain_text("shown again")
    assert billed(counting_vendor)["quality_restoration"] - before == 1


def test_paid_call_is_not_shared_between_sessions(visit, live_demo):
    """Another tab with the same photo makes a call of its own, and is told nothing of the first one."""
    for _ in range(2):
        panel = Panel(visit(live_demo), "quality-restoration").example().agree().run()
        expect(panel.stage.locator(".note")).to_be_hidden()


def test_visitor_keys_make_calls_live_and_go_with_the_page(visit, demo):
    """A visitor's keys leave the fields at once, are nowhere on the page, change the badge, and the run button says
    that it costs a call; a reload forgets them."""
    page = visit(demo)
    cost = "button => getComputedStyle(button, '::after').content"
    run_button = page.locator("#face-fuse-run")
    assert run_button.evaluate(cost) == "none"
    page.locator("#own-keys button").first.click()
    page.locator("#own-meitu-key input").fill("CANARY-key-12345678")
    page.locator("#own-keys-use").click()
    expect(page.locator("#own-keys-told")).to_contain_text("come as a pair")
    page.locator("#own-meitu-secret input").fill("CANARY-secret-12345")
    page.locator("#own-keys-use").click()
    expect(page.locator("#own-keys-told")).to_contain_text("in use in this tab")
    expect(page.locator("#masthead .badge").first).to_contain_text("live")
    assert run_button.evaluate(cost) == '"· 1 call"'
    expect(page.locator("#own-meitu-key input")).to_have_value("")
    assert "CANARY" not in page.content()
    assert "CANARY" not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    page.locator("#own-keys-forget").click()
    expect(page.locator("#masthead .badge").first).to_contain_text("offline engine")
    page.locator("#own-meitu-key input").fill("CANARY-key-12345678")
    page.locator("#own-meitu-secret input").fill("CANARY-secret-12345")
    page.locator("#own-keys-use").click()
    expect(page.locator("#masthead .badge").first).to_contain_text("live")
    page.reload()
    expect(page.locator("#masthead .badge").first).to_contain_text("offline engine")


def test_visitor_keys_that_are_gone_are_not_replaced_by_the_owners(visit, paying_demo, counting_vendor):
    """While the badge says "your key" and the server has forgotten it, a run is refused and nothing is sent."""
    page = visit(paying_demo)
    page.locator("#own-keys button").first.click()
    page.locator("#own-meitu-key input").fill("a-key-of-the-visitor")
    page.locator("#own-meitu-secret input").fill("a-secret-of-the-visitor")
    with page.expect_request("**/queue/join**") as joined:
        page.locator("#own-keys-use").click()
    expect(page.locator("#masthead .badge").first).to_contain_text("your key")
    before = billed(counting_vendor)
    session = joined.value.post_data_json["session_hash"]
    forget = next(
        event["id"]
        for event in page.evaluate("window.gradio_config.dependencies")
        if event["api_name"].startswith("forget_keys")
    )
    body = {"data": [], "fn_index": forget, "session_hash": session}
    httpx.post(f"{paying_demo}/gradio_api/queue/join", json=body, trust_env=False)
    panel = Panel(page, "quality-restoration").example().agree().run()
    assert panel.stage.locator(".stage h2").inner_text() == "Your keys are no longer here."
    assert billed(counting_vendor) == before
    page.locator("#own-keys-forget").click()
    expect(page.locator("#masthead .badge").first).not_to_contain_text("your key")


def counts(page) -> list[int]:
    """Confirmed, may have been billed, refused, not sent; and what the vendor has billed."""
    return [int(number) for number in re.findall(r"\d+", page.locator("#failure-lab-books").inner_text())]


def test_failure_lab_agrees_with_ledger_and_vendor(page):
    """Explained, written down, and counted by the vendor: the three agree, and a repeated click adds nothing."""
    panel = Panel(page, "failure-lab").example()
    before = [0] * 5
    for fault, title, added in (
        ("", "", None),  # what other pages have made of it until now
        ("web page instead", "The service's answer cannot be read.", [0, 1, 0, 0, 1]),
        ("20003", "No face was found in this photo.", [0, 0, 1, 0, 0]),
        ("good answer", "", [1, 0, 0, 0, 1]),
    ):
        choose(page, fault or "Nothing")
        panel.run()
        if title:
            assert panel.stage.locator(".stage h2").inner_text() == title
        if added:
            page.wait_for_function(
                "([id, text]) => document.getElementById(id).innerText.replace(/\\D+/g, ' ').trim() === text",
                arg=["failure-lab-books", " ".join(str(n + m) for n, m in zip(before, added, strict=True))],
            )
        before = counts(page)
    assert panel.stage.locator(".facts .badge").inner_text() == "Failure lab"
    panel.run()
    expect(panel.stage.locator(".note")).to_contain_text("nothing was sent")
    assert counts(page) == before


def choose(page, text: str) -> None:
    """Pick the first entry of the lab's list that holds `text`."""
    field = page.locator("#failure-lab-fault input")
    field.click()
    field.press_sequentially(text)
    page.get_by_role("option").first.click()
