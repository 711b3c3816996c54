"""Kiosk mode: after which live failures a run falls back to a recording or the engine, and what is said of the cost."""

from types import SimpleNamespace
from typing import Any

import pytest

from meitu_demo.domain import errors
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.translations import translate
from meitu_demo.ui.result.offline_fallback import build_fallback, is_network_failure

LOST = (
    errors.Unreachable(vendor="meitu", cause="dns"),
    errors.OutcomeUnknown(vendor="meitu", cause="read_timeout"),
    errors.OutcomeUnknown(vendor="meitu", cause="reset"),
    errors.CircuitOpen(vendor="meitu", seconds=9),
    errors.LinkRejected(cause="timeout"),
)
SAID = (
    errors.ImageRejected("photo_missing"),
    errors.ValueRejected(control="strength", value="x", allowed="0 … 1"),
    errors.MissingConsent(vendor="meitu"),
    errors.PayerChanged(vendor="meitu"),
    errors.VisitorKeysGone(vendor="meitu"),
    errors.MissingKey(vendor="meitu", setting="MEITU_API_KEY"),
    errors.OverBudget(limit=3, vendor="meitu", hours=9),
    errors.LedgerUnavailable(cause="x"),
    errors.RateLimited(vendor="meitu", seconds=9),
    errors.InvalidResponse(vendor="meitu", cause="not_json"),
    errors.LinkRejected(cause="host", host="elsewhere.invalid"),
    errors.VendorError("meitu", "20003"),
    errors.NoFace(),
)


@pytest.mark.parametrize("error", LOST, ids=str)
def test_fallback_follows_network_failures(error: errors.DemoError) -> None:
    """Nobody answered, or the picture did not come through."""
    assert is_network_failure(error)


@pytest.mark.parametrize("error", [*SAID, ValueError()], ids=str)
def test_fallback_does_not_follow_rejections(error: Exception) -> None:
    """Photo, values, consent, budget, a vendor's answer, a blocked URL and a bug are no reason to fall back."""
    assert not is_network_failure(error)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("error", "billing", "can"), [(LOST[0], "not_processed", ()), (LOST[1], "unknown", ("retry",)), (LOST[3], "", ())]
)
def test_fallback_remark_names_failure_source_and_cost(
    error: errors.DemoError, billing: str, can: tuple[str, ...], language: str
) -> None:
    """The remark names the failure, the offline engine or a recording, and the possible cost; a retry is offered only
    where it may cost.
    """
    handle: Any = SimpleNamespace(call=SimpleNamespace(id=7, can_refetch=False))
    found = build_fallback(error, handle, "Once more.", language)
    remarks = {mode: found.describe(mode, language) for mode in ("offline", "recorded")}
    for remark in remarks.values():
        assert explain(error, language).title in remark
        assert (translate(f"billing.{billing}.why", language) if billing else "") in remark
        assert remark.endswith("Once more.")
    engine = translate("live_vs_offline.offline", language).lower()
    assert [engine in remark.lower() for remark in remarks.values()] == [True, False]
    assert (found.actions, found.call_id) == (can, 7)
