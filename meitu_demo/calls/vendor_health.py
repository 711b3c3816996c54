"""How a vendor is treated: left alone while it does not answer, and asked again only for what never reached it.

    exchange   one request and its whole answer, bounded       breaker   a vendor that does not answer is left alone
    repeats    what never arrived is sent again, in measure

A `VendorHealth` is what one process knows of one vendor's condition. The service uses all of it.
"""

from dataclasses import dataclass, field

from .circuit_breaker import MAX_FAILURES, CircuitBreaker
from .exchange import exchange, parse_retry_after
from .retry import RetryBudget, call_with_retry

__all__ = [
    "MAX_FAILURES",
    "CircuitBreaker",
    "RetryBudget",
    "VendorHealth",
    "call_with_retry",
    "exchange",
    "parse_retry_after",
]


@dataclass(frozen=True, slots=True)
class VendorHealth:
    """The breaker and the repeats of one vendor, shared by everybody who calls it."""

    circuit_breaker: CircuitBreaker = field(default_factory=lambda: CircuitBreaker(max_failures=None))
    retry_budget: RetryBudget = field(default_factory=RetryBudget)
