"""Circuit breaker and retry budget of each vendor, shared by all its callers in this process."""

from dataclasses import dataclass, field

from ..domain.model import CallTarget
from .circuit_breaker import MAX_FAILURES, CircuitBreaker
from .retry import RetryBudget


@dataclass(frozen=True, slots=True)
class VendorHealth:
    """The circuit breaker and the retry budget of one vendor. The default breaker never opens."""

    circuit_breaker: CircuitBreaker = field(default_factory=lambda: CircuitBreaker(max_failures=None))
    retry_budget: RetryBudget = field(default_factory=RetryBudget)


class HealthRegistry:
    """The health of every vendor, and of what stands in for it: the failure lab, the offline server and recordings.

    They are separate: the offline engine works while the vendor's breaker is open, and a fault of the failure lab or a
    success of the offline engine says nothing about the vendor.
    """

    def __init__(self, *, has_circuit_breaker: bool) -> None:
        self._max_failures = MAX_FAILURES if has_circuit_breaker else None
        self._health_by_vendor: dict[tuple[str, str], VendorHealth] = {}

    def of(self, target: CallTarget) -> VendorHealth:
        """The health of the vendor that `target` leads to, or of what stands in for it."""
        default = VendorHealth(CircuitBreaker(target.vendor_id, max_failures=self._max_failures))
        return self._health_by_vendor.setdefault((target.mode, target.vendor_id), default)
