"""Retries. Only requests that provably were not processed are retried: at most twice, within a retry budget.

**Backoff.** Exponential with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"), added to the
vendor's Retry-After.
**Retry budget.** As in gRPC and Finagle: retries are at most 10 % of calls, so that a failing vendor is not flooded.
"""

import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError

Result = TypeVar("Result")
MAX_JITTER_S = (0.25, 0.5)  # before the first retry and before the second, which is the last
MAX_RETRY_AFTER_S = 10.0  # after a longer wait, the person may retry


class RetryBudget:
    """Each call adds `retry_ratio` of a retry, up to a balance of `max_balance`. Bound to one event loop."""

    def __init__(self, retry_ratio: float = 0.1, max_balance: float = 3.0) -> None:
        self._retry_ratio = retry_ratio
        self._max_balance = max_balance
        self._balance = max_balance

    def deposit(self) -> None:
        """Count one call."""
        self._balance = min(self._max_balance, self._balance + self._retry_ratio)

    def withdraw(self) -> bool:
        """Spend one retry. False if none is left."""
        if self._balance < 1:
            return False
        self._balance -= 1
        return True


async def call_with_retry(
    budget: RetryBudget,
    attempt: Callable[[], Awaitable[Result]],
    on_retry: Callable[[], None],
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Result:
    """Await `attempt`, again while `is_retryable` and the budget allow. on_retry: called before each retry's wait."""
    budget.deposit()
    for max_jitter_s in MAX_JITTER_S:
        try:
            return await attempt()
        except DemoError as error:
            if not is_retryable(error) or not budget.withdraw():
                raise
            wait_s = random.uniform(0.0, max_jitter_s) + _get_retry_after_s(error)
        on_retry()
        await sleep(wait_s)
    return await attempt()


def is_retryable(error: BaseException) -> bool:
    """Whether the failed call provably was not processed, and can be retried soon."""
    if classify_billing(error) is not Billing.NOT_PROCESSED or not isinstance(error, DemoError):
        return False
    is_pool_full = error.facts.get("cause") == "busy"  # our connection pool: a retry would wait in it as well
    return not is_pool_full and _get_retry_after_s(error) <= MAX_RETRY_AFTER_S


def _get_retry_after_s(error: DemoError) -> float:
    """The error's Retry-After (`exchange.parse_retry_after`); 0 without."""
    seconds = error.facts.get("retry_after")
    return float(seconds) if isinstance(seconds, int | float) else 0.0
