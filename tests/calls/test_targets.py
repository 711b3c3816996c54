"""Which way a call goes, with whose keys, and what the badge says."""

import pytest
from pydantic import SecretStr

from meitu_demo.calls.targets import OFFLINE_URL, TargetResolver, VendorState, VendorStatus
from meitu_demo.domain.errors import MissingKey
from meitu_demo.domain.model import Credentials
from meitu_demo.settings import MARKETPLACE_HOST, RESULT_HOSTS, Settings

MEITU = {"MEITU_API_KEY": "k", "MEITU_API_SECRET": "s"}
AILAB = {"AILAB_API_KEY": "a"}
MARKET = {"RAPIDAPI_KEY": "r"}


def routes(**environ: str) -> TargetResolver:
    return TargetResolver(Settings.from_env(environ))


def test_without_keys_everything_is_offline() -> None:
    """Mode auto: the offline server, free of charge."""
    for provider in ("meitu", "ailab"):
        route = routes().resolve(provider)
        assert (route.base_url, route.is_billable, route.mode) == (OFFLINE_URL, False, "offline")
        assert routes().resolve_live(provider) is None


def test_a_key_turns_its_own_provider_live() -> None:
    """Keys of one vendor say nothing about the other."""
    mixed = routes(**MEITU)
    meitu = mixed.resolve("meitu")
    assert (meitu.base_url, meitu.is_billable, meitu.mode) == ("https://openapi.mtlab.meitu.com", True, "live")
    assert meitu.credentials.key.get_secret_value() == "k"
    assert meitu.credentials.secret is not None
    assert meitu.credentials.secret.get_secret_value() == "s"
    assert mixed.resolve("ailab").mode == "offline"


def test_the_direct_key_of_ailab_wins_over_the_marketplace() -> None:
    """Each edition goes to its own place with its own header."""
    market = routes(**MARKET).resolve("ailab")
    assert (market.base_url, market.credentials.host) == (f"https://{MARKETPLACE_HOST}", MARKETPLACE_HOST)
    assert market.path_override == "/face/editing/face-tidyup"
    both = routes(**MARKET, **AILAB).resolve("ailab")
    assert (both.base_url, both.credentials.host, both.path_override) == ("https://www.ailabapi.com", "", None)


def test_mode_live_does_not_fall_back() -> None:
    """A provider without keys says which setting is missing."""
    with pytest.raises(MissingKey) as caught:
        routes(MODE="live", **MEITU).resolve("ailab")
    assert caught.value.facts == {"provider": "ailab", "setting": "AILAB_API_KEY"}
    assert routes(MODE="live", **MEITU).resolve("meitu").is_billable


def test_mode_offline_ignores_keys() -> None:
    """Nothing is paid, whatever is set."""
    for provider in ("meitu", "ailab"):
        settled = routes(MODE="offline", **MEITU, **AILAB, **MARKET)
        assert not settled.resolve(provider).is_billable
        assert settled.resolve_live(provider) is None


def test_the_offline_route_is_always_there() -> None:
    """Also with keys and in mode live: a failed call can go on offline."""
    assert not routes(MODE="live", **MEITU).resolve_offline("meitu").is_billable


@pytest.mark.parametrize(
    ("environ", "meitu", "ailab"),
    [
        ({}, VendorStatus(VendorState.OFFLINE, "key_missing", "MEITU_API_KEY"),
         VendorStatus(VendorState.RETIRED, "key_missing", "AILAB_API_KEY")),
        ({**MEITU, **AILAB}, VendorStatus(VendorState.LIVE, "key_set"), VendorStatus(VendorState.RETIRED, "key_set")),
        (MARKET, VendorStatus(VendorState.OFFLINE, "key_missing", "MEITU_API_KEY"), VendorStatus(VendorState.RETIRED,
        "key_set")),
        ({**MEITU, "MODE": "offline"}, VendorStatus(VendorState.OFFLINE, "mode_offline"),
        VendorStatus(VendorState.RETIRED, "mode_offline")),
        ({"MODE": "live"}, VendorStatus(VendorState.OFFLINE, "key_missing_live", "MEITU_API_KEY"),
         VendorStatus(VendorState.OFFLINE, "key_missing_live", "AILAB_API_KEY")),
    ],
)  # fmt: skip
def test_a_badge_says_state_and_reason(environ: dict[str, str], meitu: VendorStatus, ailab: VendorStatus) -> None:
    """Live, offline and why, or retired by its vendor."""
    decided = routes(**environ)
    assert (decided.get_status("meitu"), decided.get_status("ailab")) == (meitu, ailab)


def test_results_may_lie_at_the_hosts_that_are_set() -> None:
    """For each vendor and edition; the offline server's lie nowhere but there."""
    for keys in ({**MEITU, **AILAB}, {**MEITU, **MARKET}):
        for provider in ("meitu", "ailab"):
            assert routes(**keys).resolve(provider).result_hosts == RESULT_HOSTS
            assert routes(**keys, RESULT_HOSTS="a.example").resolve(provider).result_hosts == ("a.example",)
            assert routes(**keys).resolve_offline(provider).result_hosts == ()


# ── The client ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_that_a_visitor_brings_come_first() -> None:
    """They pay, for the vendor that they are for; the owner's go on for the other, and mode offline ignores both."""
    own = {"ailab": Credentials(SecretStr("theirs"))}
    theirs = routes(**MEITU, **AILAB).with_visitor_keys(own)
    ailab, meitu = theirs.resolve("ailab"), theirs.resolve("meitu")
    assert (ailab.credentials.key.get_secret_value(), ailab.billed_to) == ("theirs", "visitor")
    assert (meitu.credentials.key.get_secret_value(), meitu.billed_to) == ("k", "owner")
    assert theirs.get_status("ailab").reason == "key_own"
    assert theirs.get_status("meitu").reason == "key_set"
    assert not routes(MODE="offline").with_visitor_keys(own).is_any_live()
    assert routes().with_visitor_keys(None).resolve("ailab").mode == "offline"


def test_a_direct_key_does_not_go_to_the_marketplace() -> None:
    """Where the owner has the marketplace's key, a visitor's direct one goes to the vendor's own host all the same."""
    found = routes(**MARKET).with_visitor_keys({"ailab": Credentials(SecretStr("theirs"))}).resolve("ailab")
    assert (found.base_url, found.path_override, found.credentials.host) == ("https://www.ailabapi.com", None, "")
