"""What may be called again by itself: only what provably cost nothing, at most twice, and within a budget.

Waits grow with full jitter (AWS Architecture Blog, "Exponential Backoff and Jitter"); the budget is gRPC's and
Finagle's: repeats are a share of the calls, so that a vendor in trouble is not met by a multiple of them.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from ..billing import Billing, billing_of
from ..errors import DemoError

Result = TypeVar("Result")
ATTEMPTS = 3
JITTER = wait_random_exponential(multiplier=0.25, max=4)  # up to 0.5 s, then up to 1 s
LONGEST_ADVICE_S = 10.0  # a vendor that says "come back in a minute" is left to the person


class Repeats:
    """A budget: each call adds `share` of a repeat, at most `spare` are saved up. For one event loop."""

    def __init__(self, share: float = 0.1, spare: float = 3.0) -> None:
        self._share = share
        self._spare = spare
        self._left = spare

    def earn(self) -> None:
        """A call is made."""
        self._left = min(self._spare, self._left + self._share)

    def take(self) -> bool:
        """Spend one repeat, if there is one."""
        if self._left < 1:
            return False
        self._left -= 1
        return True


async def attempts(
    repeats: Repeats,
    once: Callable[[], Awaitable[Result]],
    repeating: Callable[[], None] = lambda: None,
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
) -> Result:
    """What `once` returns, called again where that is free. `repeating` hears of each further attempt."""

    def before(state: RetryCallState) -> None:
        repeating()

    repeats.earn()
    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: may_repeat(error) and repeats.take()),
        stop=stop_after_attempt(ATTEMPTS),
        wait=_pause,
        sleep=sleep,
        before_sleep=before,
        reraise=True,
    )
    return await retrying(once)


def may_repeat(error: BaseException) -> bool:
    """Whether the call that ended so provably was not processed, and may be made again without asking."""
    if billing_of(error) is not Billing.NOT_PROCESSED or not isinstance(error, DemoError):
        return False
    return error.facts.get("cause") != "busy" and _advice(error) <= LONGEST_ADVICE_S  # busy: our own pool is full


def _pause(state: RetryCallState) -> float:
    """Seconds until the next attempt: jitter, on top of what the vendor asks for."""
    error = state.outcome.exception() if state.outcome else None
    return JITTER(state) + (_advice(error) if isinstance(error, DemoError) else 0.0)


def _advice(error: DemoError) -> float:
    """Retry-After in seconds, as the service noted it; 0 without."""
    seconds = error.facts.get("retry_after")
    return float(seconds) if isinstance(seconds, int | float) else 0.0
