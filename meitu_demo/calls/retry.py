"""What may be called again by itself: only what provably cost nothing, at most twice, and within a budget.

Waits grow with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"); the budget is gRPC's and
Finagle's: repeats are a share of the calls, so that a vendor in trouble is not met by a multiple of them.
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
MAX_RETRY_AFTER_S = 10.0  # a vendor that says "come back in a minute" is left to the person


class RetryBudget:
    """A budget: each call adds `share` of a repeat, at most `spare` are saved up. For one event loop."""

    def __init__(self, retry_ratio: float = 0.1, max_balance: float = 3.0) -> None:
        self._retry_ratio = retry_ratio
        self._max_balance = max_balance
        self._balance = max_balance

    def deposit(self) -> None:
        """A call is made."""
        self._balance = min(self._max_balance, self._balance + self._retry_ratio)

    def withdraw(self) -> bool:
        """Spend one repeat, if there is one."""
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
    """What `once` returns, called again where that is free. `repeating` hears of each further attempt."""

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
    """Whether the call that ended so provably was not processed, and may be made again without asking."""
    if classify_billing(error) is not Billing.NOT_PROCESSED or not isinstance(error, DemoError):
        return False
    return (
        error.facts.get("cause") != "busy" and _read_retry_after(error) <= MAX_RETRY_AFTER_S
    )  # busy: our own pool is full


def _compute_wait_s(state: RetryCallState) -> float:
    """Seconds until the next attempt: jitter, on top of what the vendor asks for."""
    error = state.outcome.exception() if state.outcome else None
    return JITTER(state) + (_read_retry_after(error) if isinstance(error, DemoError) else 0.0)


def _read_retry_after(error: DemoError) -> float:
    """Retry-After in seconds, as the service noted it; 0 without."""
    seconds = error.facts.get("retry_after")
    return float(seconds) if isinstance(seconds, int | float) else 0.0
