"""The history's list as HTML, and runs in words."""

import re
from dataclasses import replace
from typing import Any

import pytest
from ui.history.sample_runs import NO_PICTURES, build_result

from meitu_demo.domain.explanations import Explanation
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.history import views
from meitu_demo.ui.history.entries import Entry, History
from meitu_demo.ui.history.views import render_listing

TEXT = "any text"


@pytest.fixture
def history(portrait: bytes) -> History:
    """A failure in a stranger's words, then a live and an offline run with other settings."""
    found = History(60)
    told = Explanation("x", TEXT, TEXT, TEXT, TEXT, ((TEXT, TEXT),), "en")
    found.record_failure("one", CATALOGUE["face_fuse"], "live", {"template_id": "my_own"}, told)
    hostile = replace(NO_PICTURES, thumbnail=TEXT)
    live = build_result(portrait, mode="live", values={"shape_type": "8", "strength": 0.25})
    found.record_success("one", live, hostile)
    found.record_success("one", build_result(portrait), NO_PICTURES)
    return found


def test_listing_has_a_button_for_each_run_and_marks_the_selected_one(history: History) -> None:
    """Each run has its panel, settings or failure, time, and live or offline in words; only stored results can be
    compared.
    """
    offline, live, failed = history.list_runs("one")
    html = render_listing([offline, live, failed], {offline.key}, live.key, "token", 30, "en")
    assert html.count("<li") == 3
    assert html.startswith('<ol class="runs" role="list" aria-label="Runs in this tab, newest first">')
    assert re.findall(r'data-run="(\w+)"[^>]*aria-current="true"', html) == [live.key]
    assert re.findall(r'data-put="(\w+)"', html) == [offline.key]
    assert re.findall(r'data-free="(\w+)"', html) == ["true", "false", "false"]
    for said in ("Bigger eyes · Strength 0.5", "live: AILabTools", "live: Meitu", "pictures deleted", "failed"):
        assert said in html
    assert 'href="archive/token/runs.zip?lang=en"' in html
    assert "archive/" not in render_listing([failed], set(), failed.key, "token", 30, "en")
    assert "No runs in this tab" in render_listing([], set(), "", "", 30, "en")


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        (
            {"values": {"shape_type": "3", "strength": 0.5}},
            ("Bigger eyes · Strength 0.5", "Face length · Strength 0.5"),
        ),
        ({"mode": "live"}, ("offline engine", "live: AILabTools")),
        ({}, ("Bigger eyes · Strength 0.5 (1)", "Bigger eyes · Strength 0.5 (2)")),
        (
            {"endpoint": CATALOGUE["quality_restoration"], "values": {}},
            ("Facial Aesthetics · Bigger eyes · Strength 0.5", "Quality Restoration"),
        ),
        (
            {"endpoint": CATALOGUE["face_fuse"], "values": {"template_id": "lion"}},
            ("Facial Aesthetics · Bigger eyes · Strength 0.5", "Face Fuse · Lion"),
        ),
    ],
)
def test_distinguish_runs_names_only_the_differences(
    history: History, changes: dict[str, Any], names: tuple[str, str]
) -> None:
    """Two runs are named by what differs between them, and no more; two equal ones are numbered."""
    one: Entry = history.list_runs("one")[0]
    assert views.distinguish_runs(one, replace(one, **changes), "en") == names


@pytest.mark.parametrize("language", ["en", "zh"])
def test_describe_settings_has_words_for_every_value(history: History, language: str) -> None:
    """Each option of each control, an unknown template ID and the lab's faults have words."""
    one = history.list_runs("one")[0]
    for endpoint in CATALOGUE.values():
        for control in endpoint.controls:
            for value in getattr(control, "options", (0.5,)):
                assert views.describe_settings(replace(one, endpoint=endpoint, values={control.name: value}), language)
    fuse = replace(one, endpoint=CATALOGUE["face_fuse"], values={"template_id": "my_own"})
    assert views.describe_settings(fuse, language) == "my_own"
    for fault in ("reset", "", "code:20003"):
        assert views.describe_settings(replace(one, fault=fault), language)
