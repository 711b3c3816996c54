"""Circuit breaker of each vendor: after five consecutive failures within 30 s, no calls go to it for 30 s.

Then it is half-open: one call probes whether the vendor answers again. Only missing answers count as failures: an error
code is an answer. Bound to one event loop. The pattern is from Nygard, "Release It!".
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..domain.errors import CircuitOpen, DemoError, InvalidResponse, OutcomeUnknown, Unreachable, VendorError
from ..domain.model import CallTarget
from .retry import RetryBudget

NO_ANSWER_ERRORS = (Unreachable, OutcomeUnknown, InvalidResponse)
MAX_FAILURES = 5
WINDOW_S = 30.0
OPEN_S = 30.0


class CircuitBreaker:
    """Opens for `open_s` after `max_failures` failures within `window_s`, without an answer in between; None: never.

    While open, `guard` raises CircuitOpen. After `open_s` it is half-open: one call is let through as a probe, whose
    answer closes the breaker and whose failure opens it again.
    """

    def __init__(
        self,
        vendor_id: str = "",
        *,
        max_failures: int | None = MAX_FAILURES,
        window_s: float = WINDOW_S,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._vendor_id = vendor_id
        self._max_failures = max_failures
        self._window_s = window_s
        self._open_s = open_s
        self._clock = clock
        self._failure_times: deque[float] = deque(maxlen=max_failures)
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether it is open or half-open: no calls, except a probe."""
        return self._open_until is not None

    def check(self) -> None:
        """Raises CircuitOpen where `guard` would, without starting a probe."""
        if self._open_until is None:
            return
        remaining_s = self._open_until - self._clock()
        if remaining_s > 0 or self._is_probing:
            raise CircuitOpen(vendor=self._vendor_id, seconds=max(1, math.ceil(remaining_s)))

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Guard one call to the vendor, and count its outcome. Raises CircuitOpen before the call."""
        self.check()
        is_probe = self._is_probing = self.is_open
        try:
            yield
        except DemoError as error:
            if isinstance(error, NO_ANSWER_ERRORS) and error.facts.get("cause") != "busy":  # busy: our connection pool
                self._record_failure(is_probe)
            elif isinstance(error, VendorError):
                self._record_success()
            raise
        else:
            self._record_success()
        finally:
            if is_probe:
                self._is_probing = False  # a cancelled probe says nothing about the vendor: the next call probes

    def _record_success(self) -> None:
        self._failure_times.clear()
        self._open_until = None

    def _record_failure(self, is_probe: bool) -> None:
        if self._max_failures is None:
            return
        now = self._clock()
        self._failure_times.append(now)
        is_over_limit = (
            len(self._failure_times) == self._max_failures and now - self._failure_times[0] <= self._window_s
        )
        if is_probe or (is_over_limit and not self.is_open):
            self._open_until = now + self._open_s


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
