"""The values of a call: an endpoint checks its values, and reprs hide secrets."""

import pytest

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
LEVEL = Strength(name="level", wire_name="strength", default=0.5)
ENDPOINT = Endpoint(
    id="some_thing",
    vendor_id="meitu",
    path="/x",
    limits=ImageLimits(48, 4096, 2**21),
    controls=(MENU, LEVEL),
    render_offline=lambda image, values: image,
)


def test_endpoint_fills_in_defaults_and_refuses_unknown_names() -> None:
    """A missing value takes its default; a name that no control has is an error."""
    assert ENDPOINT.validate({}) == {"shape": "1", "level": 0.5}
    assert ENDPOINT.validate({"level": "1"}) == {"shape": "1", "level": 1.0}
    with pytest.raises(ValueRejected) as caught:
        ENDPOINT.validate({"sharpness": 1})
    assert caught.value.facts == {"control": "sharpness", "value": "", "allowed": "level, shape"}


def test_values_of_a_call_hide_secrets_in_their_repr() -> None:
    """Keys, links and picture bytes stay out of reprs, so that a log line cannot spill them."""
    from pydantic import SecretStr

    route = CallTarget("meitu", "https://host", Credentials(SecretStr("canary"), SecretStr("canary")), is_billable=True)
    reply = ParsedResponse(ResultLink("https://host/canary/1.png"))
    photo = Photo(b"canary", "image/jpeg", 1, 1)
    assert "canary" not in repr((route, reply, reply.media, photo))
    assert route.mode == "live"
