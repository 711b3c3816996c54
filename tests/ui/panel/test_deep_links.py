"""Deep links: what a link says is read by the controls, and nothing that was typed gets into one."""

import json

import gradio as gr
from hypothesis import example, given
from hypothesis import strategies as st

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ui.panel.deep_links import describe_settings, get_link_name, parse_settings

AESTHETICS = CATALOGUE["facial_aesthetics"]
DEFAULTS = [control.default for control in AESTHETICS.controls]


def test_parse_settings_reads_the_values_of_a_link() -> None:
    """Each value is the control's own, in the order of the controls; what the link leaves out is the default."""
    assert parse_settings(AESTHETICS, "shape=13&strength=0.35", DEFAULTS) == ["13", 0.35]
    assert parse_settings(AESTHETICS, "strength=1", DEFAULTS) == [DEFAULTS[0], 1.0]


@given(st.text())
@example("shape=99&strength=nan&x=<b>")
@example("shape=&strength=0.5%ff&strength=2&&==")
@example("&" * 100_000)
def test_parse_settings_of_any_text_gives_valid_values(query: str) -> None:
    """Whatever a link says, the controls accept the result, and no error is raised."""
    for endpoint in CATALOGUE.values():
        defaults = [control.default for control in endpoint.controls]
        for control, value in zip(endpoint.controls, parse_settings(endpoint, query, defaults), strict=True):
            assert control.validate(value) == value


def test_get_link_name_is_unique_in_each_endpoint() -> None:
    """No two controls of an endpoint have the same name in a link."""
    for endpoint in CATALOGUE.values():
        names = [get_link_name(control) for control in endpoint.controls]
        assert len(set(names)) == len(names)


def test_describe_settings_lists_what_may_stand_in_the_address() -> None:
    """The values of a list, and any number: so a key that was typed into the wrong field never gets there."""
    widgets = [gr.Dropdown(["8", "13"], value="8", allow_custom_value=True), gr.Slider(0, 1, 0.5)]
    assert json.loads(describe_settings(AESTHETICS, widgets)) == [["shape", "8", ["8", "13"]], ["strength", 0.5, None]]
