"""Retries. Only requests that provably were not processed are retried: at most twice, within a retry budget.

**Backoff.** Exponential with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"), added to the
vendor's Retry-After.
**Retry budget.** As in gRPC and Finagle: retries are at most 10 % of calls, so that a failing vendor is not flooded.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError

Result = TypeVar("Result")
MAX_ATTEMPTS = 3
JITTER = wait_random_exponential(multiplier=0.25, max=4)  # up to 0.5 s, then up to 1 s
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
    on_retry: Callable[[], None] = lambda: None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Result:
    """Await `attempt`, again while `is_retryable` and the budget allow. on_retry: called before each retry's wait."""

    def before_sleep(state: RetryCallState) -> None:
        on_retry()

    budget.deposit()
    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: is_retryable(error) and budget.withdraw()),
        stop=stop_after_attempt(MAX_ATTEMPTS),
        wait=_compute_wait_s,
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    return await retrying(attempt)


def is_retryable(error: BaseException) -> bool:
    """Whether the failed call provably was not processed, and can be retried soon."""
    if classify_billing(error) is not Billing.NOT_PROCESSED or not isinstance(error, DemoError):
        return False
    is_pool_full = error.facts.get("cause") == "busy"  # our connection pool: a retry would wait in it as well
    return not is_pool_full and _get_retry_after_s(error) <= MAX_RETRY_AFTER_S


def _compute_wait_s(state: RetryCallState) -> float:
    """Seconds until the next attempt: the vendor's Retry-After plus jitter."""
    error = state.outcome.exception() if state.outcome else None
    return JITTER(state) + (_get_retry_after_s(error) if isinstance(error, DemoError) else 0.0)


def _get_retry_after_s(error: DemoError) -> float:
    """The error's Retry-After (`exchange.parse_retry_after`); 0 without."""
    seconds = error.facts.get("retry_after")
    return float(seconds) if isinstance(seconds, int | float) else 0.0
