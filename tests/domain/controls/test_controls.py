"""The kinds of control: which values they take, how they refuse, and how they draw themselves."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from meitu_demo.domain.controls import Choice, Control, Option, ShapeMenu, Strength
from meitu_demo.domain.errors import ValueRejected
from meitu_demo.endpoints import CATALOGUE

MENU = Choice(name="shape", wire_name="shape_type", options=("0", "1", "21"), default="1", is_numeric=True)
OPEN = Choice(name="template", wire_name="faceFusePPType", options=("a1", "b2"), default="a1", allows_custom=True)
LEVEL = Strength(name="level", wire_name="strength", default=0.5)
SHAPES = CATALOGUE["facial_aesthetics"].controls[0]
TEMPLATES = CATALOGUE["face_fuse"].controls[0]
VERSION = CATALOGUE["anime_avatar"].controls[0]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("given_value", ["21", 21, 21.0, " 21 "])
def test_choice_takes_text_and_number(given_value: object) -> None:
    """A listed number may come as text, as a whole number, or as the float that JavaScript makes of it."""
    assert MENU.validate(given_value) == "21"


@pytest.mark.parametrize("given_value", [22, -1, 1.5, True, False, None, "", "one", [1], {"value": 1}, "１", b"1"])
def test_choice_refuses_values_that_are_not_listed(given_value: object) -> None:
    """A value that is not listed is refused with the control's name and the values that it takes."""
    with pytest.raises(ValueRejected) as caught:
        MENU.validate(given_value)
    assert caught.value.facts["control"] == "shape"
    assert caught.value.facts["allowed"] == "0, 1, 21"


def test_choice_with_custom_values_takes_an_id_that_is_not_listed() -> None:
    """A partner's template ID passes; a text that could not be an ID does not."""
    assert OPEN.validate("partner-ID_7") == "partner-ID_7"
    for bad in ("", "a b", "x" * 65, "../etc", "шаблон", "a;b", "a\nb"):
        with pytest.raises(ValueRejected):
            OPEN.validate(bad)


@pytest.mark.parametrize(("given_value", "number"), [(0, 0.0), (1, 1.0), ("0.25", 0.25), (0.3, 0.3)])
def test_strength_takes_numbers_in_range(given_value: object, number: float) -> None:
    """A strength takes numbers and texts from low to high, both ends included."""
    assert LEVEL.validate(given_value) == number


@pytest.mark.parametrize("given_value", [-0.001, 1.001, math.nan, math.inf, True, None, "much", "", [0.5]])
def test_strength_refuses_values_out_of_range(given_value: object) -> None:
    """A value outside the range, not a number or not finite is refused with the range."""
    with pytest.raises(ValueRejected) as caught:
        LEVEL.validate(given_value)
    assert caught.value.facts["allowed"] == "0..1"


@given(value=anything)
@example(10**5000)  # Python refuses to write out such a number
@example(-(10**5000))
def test_controls_raise_nothing_but_value_rejected(value: Any) -> None:
    """No value of any type makes a control raise anything but ValueRejected."""
    for control in (MENU, OPEN, LEVEL):
        try:
            read = control.validate(value)
        except ValueRejected:
            continue
        assert isinstance(read, str | float)


class RecordedWidgets:
    """Widgets that only say what they were asked for."""

    def slider(self, name: str, *, low: float, high: float, step: float, default: float) -> tuple[Any, ...]:
        return "slider", name, low, high, step, default

    def dropdown(self, name: str, options: Sequence[Option], *, default: str) -> tuple[Any, ...]:
        return "dropdown", name, [(option.value, option.text_name) for option in options], default

    def gallery(self, name: str, *, default: str) -> tuple[Any, ...]:
        return "gallery", name, default


def test_controls_draw_themselves_with_the_screens_widgets() -> None:
    """A strength is a slider, a choice a dropdown of its options' words, templates a gallery."""
    widgets = RecordedWidgets()
    assert LEVEL.draw(widgets) == ("slider", "level", 0.0, 1.0, 0.05, 0.5)
    options = [("0", "options.shape.0"), ("1", "options.shape.1"), ("21", "options.shape.21")]
    assert MENU.draw(widgets) == ("dropdown", "shape", options, "1")
    (gallery,) = CATALOGUE["face_fuse"].controls
    assert gallery.draw(widgets) == ("gallery", "template_id", "gjw4tjeloaba2psk973")
    shapes = SHAPES.draw(widgets)
    assert shapes[0] == "dropdown"
    assert shapes[2][0] == ("0", "shape-0")


@pytest.mark.parametrize(
    ("control", "value", "value_text", "setting_text"),
    [
        (CATALOGUE["facial_aesthetics"].controls[1], 0.5, "0.5", "Strength 0.5"),
        (VERSION, "2.0.0", "2.0.0", "2.0.0 · soft watercolour"),
        (SHAPES, "8", "Bigger eyes", "Bigger eyes"),
        (SHAPES, "99", "99", "99"),
        (TEMPLATES, "lion", "Lion", "Lion"),
        (TEMPLATES, "of-a-partner", "of-a-partner", "of-a-partner"),
    ],
)
def test_controls_describe_values(control: Control, value: object, value_text: str, setting_text: str) -> None:
    """Values have words for a recipe's step and for the history; one without words stands as it is."""
    assert (control.describe_value(value, "en"), control.describe_setting(value, "en")) == (value_text, setting_text)


def test_controls_build_json_schemas() -> None:
    """A required choice has no default, template IDs are open, and the owner's IDs stand in the description."""
    assert isinstance(SHAPES, ShapeMenu)
    schema = SHAPES.build_schema()
    assert (schema["type"], schema["enum"]) == ("integer", list(range(22)))
    assert "default" not in schema
    schema = TEMPLATES.build_schema(["of-a-partner"])
    assert schema["pattern"] == "^[A-Za-z0-9_-]{1,64}$"
    assert "of-a-partner" in schema["description"]
    assert "enum" not in schema
    schema = CATALOGUE["facial_aesthetics"].controls[1].build_schema()
    assert (schema["minimum"], schema["maximum"], schema["default"]) == (0.0, 1.0, 0.5)
