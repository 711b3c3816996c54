"""The values of a call: an endpoint checks its values, and reprs hide secrets."""

import pytest
from pydantic import SecretStr

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.model import CallTarget, Credentials, ParsedResponse, Photo, ResultLink
from meitu_demo.endpoints import CATALOGUE


def test_endpoint_fills_in_defaults_and_refuses_unknown_names() -> None:
    """A missing value takes its default; a name that no control has is an error."""
    endpoint = CATALOGUE["facial_aesthetics"]
    assert endpoint.validate({}) == {"shape_type": "8", "strength": 0.5}
    assert endpoint.validate({"strength": "1"}) == {"shape_type": "8", "strength": 1.0}
    with pytest.raises(ValueRejected) as caught:
        endpoint.validate({"sharpness": 1})
    assert caught.value.facts == {"control": "sharpness", "value": "", "allowed": "shape_type, strength"}


def test_values_of_a_call_hide_secrets_in_their_repr() -> None:
    """Keys, links and picture bytes stay out of reprs, so that a log line cannot spill them."""
    route = CallTarget("meitu", "https://host", Credentials(SecretStr("canary"), SecretStr("canary")), is_billable=True)
    reply = ParsedResponse(ResultLink("https://host/canary/1.png"))
    photo = Photo(b"canary", "image/jpeg", 1, 1)
    assert "canary" not in repr((route, reply, reply.media, photo))
    assert route.mode == "live"
