"""The vocabulary: what controls take and how they refuse."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.domain.controls import Choice, Strength
from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.model import (
    CallTarget,
    Credentials,
    Endpoint,
    ImageLimits,
    ParsedResponse,
    Photo,
    ResultLink,
)

MENU = Choice(name="shape", wire_name="shape_type", options=("0", "1", "21"), default="1", is_numeric=True)
OPEN = Choice(name="template", wire_name="faceFusePPType", options=("a1", "b2"), default="a1", allows_custom=True)
LEVEL = Strength(name="level", wire_name="strength", default=0.5)
ENDPOINT = Endpoint(
    id="some_thing",
    provider="meitu",
    path="/x",
    limits=ImageLimits(48, 4096, 2**21),
    controls=(MENU, LEVEL),
    render_offline=lambda image, values: image,
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80) | st.binary(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("given_value", ["21", 21, 21.0, " 21 "])
def test_a_choice_takes_text_and_number(given_value: object) -> None:
    """A listed number may come as text, as a whole number, or as the float that JavaScript makes of it."""
    assert MENU.validate(given_value) == "21"


@pytest.mark.parametrize("given_value", [22, -1, 1.5, True, False, None, "", "one", [1], {"value": 1}, "１", b"1"])
def test_a_choice_refuses_what_is_not_listed(given_value: object) -> None:
    """Everything else is refused by the control's name, with what would have been right."""
    with pytest.raises(ValueRejected) as caught:
        MENU.validate(given_value)
    assert caught.value.facts["control"] == "shape"
    assert caught.value.facts["allowed"] == "0, 1, 21"


def test_an_open_choice_takes_an_id_that_is_not_listed() -> None:
    """A partner's own template ID passes; what could not be an ID does not."""
    assert OPEN.validate("partner-ID_7") == "partner-ID_7"
    for bad in ("", "a b", "x" * 65, "../etc", "шаблон", "a;b", "a\nb"):
        with pytest.raises(ValueRejected):
            OPEN.validate(bad)


@pytest.mark.parametrize(("given_value", "number"), [(0, 0.0), (1, 1.0), ("0.25", 0.25), (0.3, 0.3)])
def test_a_strength_takes_numbers_in_range(given_value: object, number: float) -> None:
    """Both ends are inside, and text will do."""
    assert LEVEL.validate(given_value) == number


@pytest.mark.parametrize("given_value", [-0.001, 1.001, math.nan, math.inf, True, None, "much", "", [0.5]])
def test_a_strength_refuses_what_is_out_of_range(given_value: object) -> None:
    """Outside, not a number, or not finite: refused with the range."""
    with pytest.raises(ValueRejected) as caught:
        LEVEL.validate(given_value)
    assert caught.value.facts["allowed"] == "0..1"


@given(value=anything)
def test_whatever_comes_ends_in_a_value_or_a_refusal(value: Any) -> None:
    """No value of any type makes a control raise anything but ValueRejected."""
    for control in (MENU, OPEN, LEVEL):
        try:
            read = control.validate(value)
        except ValueRejected:
            continue
        assert isinstance(read, str | float)


def test_a_number_too_long_to_print_is_refused() -> None:
    """Python refuses to write out such a number; that refusal must not escape."""
    for control in (MENU, OPEN, LEVEL):
        for huge in (10**5000, -(10**5000)):
            with pytest.raises(ValueRejected):
                control.validate(huge)


def test_an_endpoint_fills_in_defaults_and_refuses_strangers() -> None:
    """Missing values take their default; a name that no control has is an error, not ignored."""
    assert ENDPOINT.validate({}) == {"shape": "1", "level": 0.5}
    assert ENDPOINT.validate({"level": "1"}) == {"shape": "1", "level": 1.0}
    with pytest.raises(ValueRejected) as caught:
        ENDPOINT.validate({"sharpness": 1})
    assert caught.value.facts == {"control": "sharpness", "value": "", "allowed": "level, shape"}


def test_what_a_repr_hides() -> None:
    """Keys, links and picture bytes stay out of reprs, so that a log line cannot spill them."""
    from pydantic import SecretStr

    route = CallTarget("meitu", "https://host", Credentials(SecretStr("canary"), SecretStr("canary")), is_billable=True)
    reply = ParsedResponse(ResultLink("https://host/canary/1.png"))
    photo = Photo(b"canary", "image/jpeg", 1, 1)
    assert "canary" not in repr((route, reply, reply.media, photo))
    assert route.mode == "live"
