"""Where a call goes, with whose keys, and what the badge says."""

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


def test_target_resolver_makes_only_the_keys_vendor_live() -> None:
    """Keys of one vendor say nothing about the other, which is the offline server, free of charge."""
    mixed = routes(**MEITU)
    meitu = mixed.resolve("meitu")
    assert (meitu.base_url, meitu.is_billable, meitu.mode) == ("https://openapi.mtlab.meitu.com", True, "live")
    assert meitu.credentials.key.get_secret_value() == "k"
    assert meitu.credentials.secret is not None
    assert meitu.credentials.secret.get_secret_value() == "s"
    ailab = mixed.resolve("ailab")
    assert (ailab.base_url, ailab.is_billable, ailab.mode) == (OFFLINE_URL, False, "offline")


def test_target_resolver_prefers_the_direct_key_to_the_marketplace() -> None:
    """The marketplace's key goes to its host and path; with both keys, the direct one goes to the vendor's host."""
    market = routes(**MARKET).resolve("ailab")
    assert (market.base_url, market.credentials.host) == (f"https://{MARKETPLACE_HOST}", MARKETPLACE_HOST)
    assert market.path_override == "/face/editing/face-tidyup"
    both = routes(**MARKET, **AILAB).resolve("ailab")
    assert (both.base_url, both.credentials.host, both.path_override) == ("https://www.ailabapi.com", "", None)


def test_target_resolver_does_not_fall_back_in_mode_live() -> None:
    """In mode live a vendor without keys raises MissingKey with the name of the setting."""
    with pytest.raises(MissingKey) as caught:
        routes(MODE="live", **MEITU).resolve("ailab")
    assert caught.value.facts == {"vendor": "ailab", "setting": "AILAB_API_KEY"}
    assert routes(MODE="live", **MEITU).resolve("meitu").is_billable


def test_target_resolver_ignores_keys_in_mode_offline() -> None:
    """In mode offline no call is billable, whatever keys are set."""
    for vendor_id in ("meitu", "ailab"):
        settled = routes(MODE="offline", **MEITU, **AILAB, **MARKET)
        assert not settled.resolve(vendor_id).is_billable
        assert settled.resolve_live(vendor_id) is None


def test_target_resolver_in_mode_replay_prefers_recordings() -> None:
    """Nothing is live, whatever keys there are; a call that has to be offline still is."""
    resolver = routes(MODE="replay", RECORDINGS="r", **MEITU)
    assert not resolver.is_any_live()
    assert not resolver.records_calls
    assert resolver.resolve("meitu").prefers_recording
    assert not resolver.resolve_offline("meitu").prefers_recording
    assert routes(RECORDINGS="r", **MEITU).records_calls


@pytest.mark.parametrize(
    ("environ", "meitu", "ailab"),
    [
        ({}, VendorStatus(VendorState.OFFLINE, "key_missing", "MEITU_API_KEY"),
         VendorStatus(VendorState.RETIRED, "key_missing", "AILAB_API_KEY")),
        ({**MEITU, **AILAB}, VendorStatus(VendorState.LIVE, "key_set"), VendorStatus(VendorState.RETIRED, "key_set")),
        (MARKET, VendorStatus(VendorState.OFFLINE, "key_missing", "MEITU_API_KEY"), VendorStatus(VendorState.RETIRED,
        "key_set", host="facial-aesthetics.p.rapidapi.com")),
        ({**MEITU, "MODE": "offline"}, VendorStatus(VendorState.OFFLINE, "mode_offline"),
        VendorStatus(VendorState.RETIRED, "mode_offline")),
        ({**MEITU, "MODE": "replay", "RECORDINGS": "r"}, VendorStatus(VendorState.RECORDED, "mode_replay"),
         VendorStatus(VendorState.RECORDED, "mode_replay")),
        ({"MODE": "live"}, VendorStatus(VendorState.OFFLINE, "key_missing_live", "MEITU_API_KEY"),
         VendorStatus(VendorState.OFFLINE, "key_missing_live", "AILAB_API_KEY")),
    ],
)  # fmt: skip
def test_target_resolver_status_has_state_and_reason(
    environ: dict[str, str], meitu: VendorStatus, ailab: VendorStatus
) -> None:
    """A vendor is live, offline with a reason, or retired."""
    decided = routes(**environ)
    assert (decided.get_status("meitu"), decided.get_status("ailab")) == (meitu, ailab)


def test_target_resolver_passes_on_the_result_hosts_of_the_settings() -> None:
    """Each vendor and edition may link to RESULT_HOSTS; the offline server only to itself."""
    for keys in ({**MEITU, **AILAB}, {**MEITU, **MARKET}):
        for vendor_id in ("meitu", "ailab"):
            assert routes(**keys).resolve(vendor_id).result_hosts == RESULT_HOSTS
            assert routes(**keys, RESULT_HOSTS="a.example").resolve(vendor_id).result_hosts == ("a.example",)
            assert routes(**keys).resolve_offline(vendor_id).result_hosts == ()


def test_target_resolver_prefers_the_visitors_keys() -> None:
    """A visitor's keys pay for their vendor, the owner's for all others; mode offline ignores both."""
    own = {"ailab": Credentials(SecretStr("theirs"))}
    theirs = routes(**MEITU, **AILAB).with_visitor_keys(own)
    ailab, meitu = theirs.resolve("ailab"), theirs.resolve("meitu")
    assert (ailab.credentials.key.get_secret_value(), ailab.billed_to) == ("theirs", "visitor")
    assert (meitu.credentials.key.get_secret_value(), meitu.billed_to) == ("k", "owner")
    assert theirs.get_status("ailab").reason == "key_own"
    assert theirs.get_status("meitu").reason == "key_set"
    assert not routes(MODE="offline").with_visitor_keys(own).is_any_live()
    assert routes().with_visitor_keys(None).resolve("ailab").mode == "offline"


def test_target_resolver_never_sends_a_visitors_direct_key_to_the_marketplace() -> None:
    """A visitor's direct key goes to the vendor's host, even where the owner has a marketplace key."""
    found = routes(**MARKET).with_visitor_keys({"ailab": Credentials(SecretStr("theirs"))}).resolve("ailab")
    assert (found.base_url, found.path_override, found.credentials.host) == ("https://www.ailabapi.com", None, "")
