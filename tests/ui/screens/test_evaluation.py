"""The Evaluate tab's events through the running app."""

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest
from ui.conftest import Page

from meitu_demo.domain.translations import translate
from meitu_demo.ui.evaluation import page_run


def fill_form(page: Page, element: str, tab: str, photos: Any, target: str) -> tuple[int, list[Any]]:
    """The number of the element's event, and its inputs: what the page has at its start, but these."""
    parts = {part["id"]: part["props"] for part in page.config["components"]}
    event = next(
        event
        for event in page.config["dependencies"]
        if any(parts.get(part, {}).get("elem_id") == element for part, _ in event["targets"])
    )
    chosen = {"evaluation-photos": photos, "evaluation-target": target}
    values = [chosen.get(parts[part].get("elem_id", ""), parts[part].get("value")) for part in event["inputs"]]
    return event["id"], [*values[:-2], tab, None]


def test_evaluation_plan_shows_the_form_of_the_last_event(
    page: Page, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Photos that are still being checked when another target is chosen do not bring the first target back."""
    gate, begun, read_photos = threading.Event(), threading.Event(), page_run.read_photos

    async def held(*given: Any) -> None:
        begun.set()
        assert await anyio.to_thread.run_sync(gate.wait, 60)
        await read_photos(*given)

    monkeypatch.setattr(page_run, "read_photos", held)
    tab, photos = secrets.token_hex(16), [page.upload(portrait)]
    with ThreadPoolExecutor(1) as pool:
        checked = pool.submit(page.join, *fill_form(page, "evaluation-photos", tab, photos, "offline"))
        assert begun.wait(60)
        page.join(*fill_form(page, "evaluation-target", tab, photos, "live"))
        gate.set()
        answer = checked.result(60)
    assert translate("evaluation.plan_no_key", "en", vendor="Meitu") in answer  # which only live calls need


def test_evaluation_plan_keeps_a_form_that_overtook_the_photos(page: Page, portrait: bytes) -> None:
    """Photos that arrive after a later choice of the target, with the form of before, do not bring that back."""
    tab, photos = secrets.token_hex(16), [page.upload(portrait)]
    page.join(*fill_form(page, "evaluation-target", tab, photos, "live"))
    answer = page.join(*fill_form(page, "evaluation-photos", tab, photos, "offline"))
    assert translate("evaluation.plan_no_key", "en", vendor="Meitu") in answer


def test_evaluation_counts_pictures_by_address(page: Page, portrait: bytes, picture_addresses: set[str]) -> None:
    """Else each tab would be a visitor of its own, who pushes out the pictures of others."""
    tab, photos = secrets.token_hex(16), [page.upload(portrait)]
    page.join(*fill_form(page, "evaluation-photos", tab, photos, "offline"))
    page.join(*fill_form(page, "evaluation-run", tab, photos, "offline"))
    assert picture_addresses == {"127.0.0.1"}
