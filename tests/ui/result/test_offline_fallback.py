"""On a stage: which failures a live run goes on offline after, and what is said of the money."""

import pytest

from meitu_demo.domain import errors
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.translations import translate
from meitu_demo.ui.result.offline_fallback import build_fallback, is_network_failure

LOST = (
    errors.Unreachable(provider="meitu", cause="dns"),
    errors.OutcomeUnknown(provider="meitu", cause="read_timeout"),
    errors.OutcomeUnknown(provider="meitu", cause="reset"),
    errors.CircuitOpen(provider="meitu", seconds=9),
    errors.LinkRejected(cause="timeout"),
)
SAID = (
    errors.ImageRejected("photo_missing"),
    errors.ValueRejected(control="strength", value="x", allowed="0 … 1"),
    errors.MissingConsent(provider="meitu"),
    errors.MissingKey(provider="meitu", setting="MEITU_API_KEY"),
    errors.OverBudget(limit=3, provider="meitu", minutes=9),
    errors.LedgerUnavailable(cause="x"),
    errors.RateLimited(provider="meitu", seconds=9),
    errors.InvalidResponse(provider="meitu", cause="not_json"),
    errors.LinkRejected(cause="host", host="elsewhere.invalid"),
    errors.VendorError("meitu", "20003"),
    errors.NoFace(),
)


@pytest.mark.parametrize("error", LOST, ids=str)
def test_the_networks_failures_go_on(error: errors.DemoError) -> None:
    """Nobody answered, or the picture did not come through."""
    assert is_network_failure(error)


@pytest.mark.parametrize("error", [*SAID, ValueError()], ids=str)
def test_refusals_do_not(error: Exception) -> None:
    """Photo, values, consent, budget, a vendor that answered, an address that must not be fetched, a bug of ours."""
    assert not is_network_failure(error)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("error", "billing", "can"), [(LOST[0], "not_processed", ()), (LOST[1], "unknown", ("retry",)), (LOST[3], "", ())]
)
def test_what_is_said(error: errors.DemoError, billing: str, can: tuple[str, ...], language: str) -> None:
    """What failed, that this is the offline engine's, what it may have cost; once more only where that may cost."""
    found = build_fallback(error, 7, "Once more.", language)
    assert explain(error, language).title in found.remark
    assert translate("beside.offline", language).lower() in found.remark.lower()
    assert (translate(f"billing.{billing}.why", language) if billing else "") in found.remark
    assert found.remark.endswith("Once more.")
    assert (found.actions, found.call_id) == (can, 7)
