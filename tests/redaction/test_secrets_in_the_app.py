"""Keys of the app: redacted for as long as their objects live, and no part of one is shown where a text is cut."""

import copy
import gc

import httpx
import pytest
from pydantic import SecretStr

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.calls.url_policy import check_allowed_host
from meitu_demo.domain.errors import LinkRejected, ValueRejected, VendorError
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.model import CallTarget, Credentials
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline.failure_lab import LAB_CREDENTIALS
from meitu_demo.redaction.secrets import redact
from meitu_demo.settings import Settings

CANARY = "CANARY0KEY0CANARY"
SETTINGS = Settings.from_env({"AILAB_API_KEY": CANARY})  # keeps it registered


def test_settings_register_their_secrets() -> None:
    """Keys, login and database password, encoded or not, are redacted for as long as the settings live."""
    names = ("MEITU_API_KEY", "MEITU_API_SECRET", "AILAB_API_KEY", "RAPIDAPI_KEY")
    keys = [f"{name}-{CANARY}" for name in names]
    url = "postgresql://someone:pass%40word-0815@host/name"
    registered = Settings.from_env(
        {**dict(zip(names, keys, strict=True)), "DATABASE_URL": url, "LOGIN": "me:let-me-in"}
    )
    text = " ".join((*keys, "let-me-in", url, "pass%40word-0815", "pass@word-0815"))
    assert set(redact(text).split()) == {"…"}
    del registered
    gc.collect()
    assert redact("pass@word-0815") == "pass@word-0815"


@pytest.mark.parametrize("is_copy", [False, True])
def test_credentials_register_their_keys(is_copy: bool) -> None:
    """A visitor's keys are redacted until the credentials, or their copy, are released."""
    registered = Credentials(SecretStr("qK3-of-a-visitor"), SecretStr("xW9-of-a-visitor"))
    if is_copy:
        registered = copy.deepcopy(registered)
    assert redact("qK3-of-a-visitor xW9-of-a-visitor") == "… …"
    del registered
    gc.collect()
    assert redact("qK3-of-a-visitor xW9-of-a-visitor") == "qK3-of-a-visitor xW9-of-a-visitor"


def test_offline_credentials_are_not_secrets() -> None:
    """The placeholders that offline calls send as keys are not redacted: they are ordinary words."""
    routes = [
        TargetResolver(SETTINGS).resolve_offline("meitu"),
        CallTarget("meitu", "", LAB_CREDENTIALS, is_billable=True),
    ]
    for route in routes:
        word = route.credentials.key.get_secret_value()
        assert redact(f"a {word} b") == f"a {word} b"


def test_explanation_shows_no_part_of_a_key() -> None:
    """A truncated vendor message shows no part of a key, wherever it stands and whatever hides in it."""
    for offset in range(0, 2100, 7):
        for message in ("\u200b" * offset + CANARY + "x" * 3000, "x" * (offset % 200) + CANARY * 200):
            explanation = repr(explain(VendorError("meitu", "1", vendor_message=message, request_id=message), "en"))
            assert CANARY[:6] not in explanation


def test_truncated_facts_show_no_part_of_a_key() -> None:
    """A truncated host or typed value in an error's facts shows no part of a key."""
    url = f"https://{CANARY.lower()}.{'x' * 60}.example"
    with pytest.raises(LinkRejected) as link_in_answer:
        check_allowed_host(httpx.URL(url), ())
    endpoint = CATALOGUE["facial_aesthetics"]
    with pytest.raises(ValueRejected) as value:
        endpoint.validate({"shape_type": "x" * 56 + CANARY})
    for error in (link_in_answer.value, value.value):
        assert CANARY[-8:].lower() not in str(error.facts).lower()
        assert CANARY[:8].lower() not in str(error.facts).lower()
