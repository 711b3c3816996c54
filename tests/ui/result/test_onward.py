"""On a stage: which failures a live run goes on offline after, and what is said of the money."""

import pytest

from meitu_demo import errors
from meitu_demo.explain import explain
from meitu_demo.ui.result.onward import instead_of, lost_on_the_way
from meitu_demo.words import translate

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
    assert lost_on_the_way(error)


@pytest.mark.parametrize("error", [*SAID, ValueError()], ids=str)
def test_refusals_do_not(error: Exception) -> None:
    """Photo, values, consent, budget, a vendor that answered, an address that must not be fetched, a bug of ours."""
    assert not lost_on_the_way(error)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("error", "billing", "can"), [(LOST[0], "not_processed", ()), (LOST[1], "unknown", ("retry",)), (LOST[3], "", ())]
)
def test_what_is_said(error: errors.DemoError, billing: str, can: tuple[str, ...], language: str) -> None:
    """What failed, that this is the offline engine's, what it may have cost; once more only where that may cost."""
    found = instead_of(error, 7, "Once more.", language)
    assert explain(error, language).title in found.said
    assert translate("beside.offline", language).lower() in found.said.lower()
    assert (translate(f"billing.{billing}.why", language) if billing else "") in found.said
    assert found.said.endswith("Once more.")
    assert (found.can, found.number) == (can, 7)
