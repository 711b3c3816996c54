"""Retries: only what provably cost nothing, at most twice, with jitter, within the budget."""

import pytest
from tenacity import RetryCallState

from meitu_demo.calls import retry as module
from meitu_demo.calls.retry import MAX_RETRY_AFTER_S, is_retryable
from meitu_demo.calls.vendor_health import RetryBudget, call_with_retry
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

REFUSED = Unreachable(provider="meitu", cause="refused")
LIMITED = VendorError("meitu", "90024")


def advised(seconds: object) -> VendorError:
    error = VendorError("meitu", "90024")
    error.facts["retry_after"] = seconds
    return error


class Tries:
    """Fails as told, then succeeds; notes pauses and announcements instead of waiting."""

    def __init__(self, *errors: BaseException, repeats: RetryBudget | None = None) -> None:
        self.errors, self.repeats = list(errors), repeats or RetryBudget()
        self.made = self.announced = 0
        self.pauses: list[float] = []

    async def once(self) -> str:
        self.made += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    def announce(self) -> None:
        assert len(self.pauses) == self.announced  # before the pause, so that it can be shown
        self.announced += 1

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def go(self) -> str:
        return await call_with_retry(self.repeats, self.once, self.announce, self.sleep)


async def test_retry_repeats_what_was_not_processed() -> None:
    """Two failures that cost nothing are retried, each announced before its wait."""
    tries = Tries(REFUSED, LIMITED)
    assert await tries.go() == "done"
    assert (tries.made, tries.announced, len(tries.pauses)) == (3, 2, 2)


async def test_retry_stops_after_three_attempts() -> None:
    """The last error is raised as it is."""
    last = Unreachable(provider="meitu", cause="dns")
    tries = Tries(REFUSED, LIMITED, last)
    with pytest.raises(Unreachable) as caught:
        await tries.go()
    assert caught.value is last
    assert (tries.made, tries.announced) == (3, 2)


@pytest.mark.parametrize(
    "error",
    [
        OutcomeUnknown(cause="reset"), InvalidResponse(cause="not_json"), LinkRejected(cause="expired"),
        RateLimited(), CircuitOpen(),
        OverBudget(), ImageRejected(), VendorError("meitu", "20003"), VendorError("meitu", "20001"),
        VendorError("meitu", "77777"), Unreachable(cause="busy"), advised(MAX_RETRY_AFTER_S + 1), DemoError(),
        ZeroDivisionError(),
    ],
    ids=repr,
)  # fmt: skip
async def test_retry_repeats_nothing_else(error: Exception) -> None:
    """No retry of what may have been billed, would fail again, was not sent, asks for a long wait, or is a bug."""
    tries = Tries(error)
    with pytest.raises(type(error)):
        await tries.go()
    assert (tries.made, tries.pauses, is_retryable(error)) == (1, [], False)


async def test_retry_waits_with_full_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits are random up to 0.5 s, then up to 1 s, plus the vendor's Retry-After."""
    for _ in range(50):
        tries = Tries(REFUSED, REFUSED)
        await tries.go()
        assert 0 <= tries.pauses[0] <= 0.5
        assert 0 <= tries.pauses[1] <= 1.0
    monkeypatch.setattr(module, "JITTER", _no_jitter)
    tries = Tries(advised(7), advised("soon"))
    await tries.go()
    assert tries.pauses == [7.0, 0.0]


def _no_jitter(state: RetryCallState) -> float:
    return 0.0


async def test_retry_budget_limits_retries_to_a_share_of_calls() -> None:
    """If every call fails, a thousand calls make at most a tenth more attempts, plus the initial balance."""
    repeats, made = RetryBudget(retry_ratio=0.1, max_balance=3), 0
    for _ in range(1000):
        tries = Tries(*[REFUSED] * 3, repeats=repeats)
        with pytest.raises(Unreachable):
            await tries.go()
        made += tries.made
    assert 1095 <= made <= 1103


def test_retry_budget_caps_its_balance() -> None:
    """After any number of calls the balance is at most three retries."""
    repeats = RetryBudget(retry_ratio=0.125, max_balance=3)
    for _ in range(1000):
        repeats.deposit()
    assert [repeats.withdraw() for _ in range(5)] == [True, True, True, False, False]
    for _ in range(7):
        repeats.deposit()
    assert not repeats.withdraw()
    repeats.deposit()
    assert repeats.withdraw()


async def test_retry_budget_is_not_spent_on_other_failures() -> None:
    """A failure that is not retried leaves the budget unchanged."""
    repeats = RetryBudget(retry_ratio=0, max_balance=1)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await Tries(OutcomeUnknown(cause="reset"), repeats=repeats).go()
    assert repeats.withdraw()
