"""Retries: only what provably cost nothing, at most twice, with jitter, within the budget."""

import pytest

from meitu_demo.calls import retry as module
from meitu_demo.calls.retry import MAX_RETRY_AFTER_S, RetryBudget, call_with_retry, is_retryable
from meitu_demo.domain.errors import (
    CircuitOpen,
    DemoError,
    ImageRejected,
    InvalidResponse,
    LinkRejected,
    OutcomeUnknown,
    OverBudget,
    RateLimited,
    Unreachable,
    VendorError,
)

REFUSED = Unreachable(vendor="meitu", cause="refused")
LIMITED = VendorError("meitu", "90024")


def with_retry_after(seconds: object) -> VendorError:
    error = VendorError("meitu", "90024")
    error.facts["retry_after"] = seconds
    return error


class Attempts:
    """Fails as told, then succeeds; notes pauses and announcements instead of waiting."""

    def __init__(self, *errors: BaseException, budget: RetryBudget | None = None) -> None:
        self.errors, self.budget = list(errors), budget or RetryBudget()
        self.attempts = self.retries = 0
        self.waits: list[float] = []

    async def attempt(self) -> str:
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    def on_retry(self) -> None:
        assert len(self.waits) == self.retries  # before the pause, so that it can be shown
        self.retries += 1

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def run(self) -> str:
        return await call_with_retry(self.budget, self.attempt, self.on_retry, self.sleep)


async def test_retry_repeats_what_was_not_processed() -> None:
    """Two failures that cost nothing are retried, each announced before its wait."""
    call = Attempts(REFUSED, LIMITED)
    assert await call.run() == "done"
    assert (call.attempts, call.retries, len(call.waits)) == (3, 2, 2)


async def test_retry_stops_after_three_attempts() -> None:
    """The last error is raised as it is."""
    last = Unreachable(vendor="meitu", cause="dns")
    call = Attempts(REFUSED, LIMITED, last)
    with pytest.raises(Unreachable) as caught:
        await call.run()
    assert caught.value is last
    assert (call.attempts, call.retries) == (3, 2)


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown(cause="reset"), InvalidResponse(cause="not_json"), LinkRejected(cause="expired"),
        RateLimited(), CircuitOpen(),
        OverBudget(), ImageRejected(), VendorError("meitu", "20003"), VendorError("meitu", "20001"),
        VendorError("meitu", "77777"), Unreachable(cause="busy"), with_retry_after(MAX_RETRY_AFTER_S + 1), DemoError(),
        ZeroDivisionError(),
    ],
    ids=repr,
)  # fmt: skip
async def test_retry_repeats_nothing_else(error: Exception) -> None:
    """No retry of what may have been billed, would fail again, was not sent, asks for a long wait, or is a bug."""
    call = Attempts(error)
    with pytest.raises(type(error)):
        await call.run()
    assert (call.attempts, call.waits, is_retryable(error)) == (1, [], False)


async def test_retry_waits_with_full_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits are random up to 0.25 s, then up to 0.5 s, plus the vendor's Retry-After."""
    for _ in range(50):
        call = Attempts(REFUSED, REFUSED)
        await call.run()
        assert 0 <= call.waits[0] <= 0.25
        assert 0 <= call.waits[1] <= 0.5
    monkeypatch.setattr(module, "MAX_JITTER_S", (0.0, 0.0))
    call = Attempts(with_retry_after(7), with_retry_after("soon"))
    await call.run()
    assert call.waits == [7.0, 0.0]


async def test_retry_budget_limits_retries_to_a_share_of_calls() -> None:
    """If every call fails, a thousand calls make at most a tenth more attempts, plus the initial balance."""
    budget, attempts = RetryBudget(retry_ratio=0.1, max_balance=3), 0
    for _ in range(1000):
        call = Attempts(*[REFUSED] * 3, budget=budget)
        with pytest.raises(Unreachable):
            await call.run()
        attempts += call.attempts
    assert 1095 <= attempts <= 1103


def test_retry_budget_caps_its_balance() -> None:
    """After any number of calls the balance is at most three retries."""
    budget = RetryBudget(retry_ratio=0.125, max_balance=3)
    for _ in range(1000):
        budget.deposit()
    assert [budget.withdraw() for _ in range(5)] == [True, True, True, False, False]
    for _ in range(7):
        budget.deposit()
    assert not budget.withdraw()
    budget.deposit()
    assert budget.withdraw()


async def test_retry_budget_pays_for_retries_only() -> None:
    """The last attempt's failure is not retried, so it spends nothing."""
    budget = RetryBudget(retry_ratio=0, max_balance=3)
    with pytest.raises(Unreachable):
        await Attempts(*[REFUSED] * 3, budget=budget).run()
    assert [budget.withdraw() for _ in range(2)] == [True, False]


async def test_retry_budget_is_not_spent_on_other_failures() -> None:
    """A failure that is not retried leaves the budget unchanged."""
    budget = RetryBudget(retry_ratio=0, max_balance=1)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await Attempts(OutcomeUnknown(cause="reset"), budget=budget).run()
    assert budget.withdraw()
