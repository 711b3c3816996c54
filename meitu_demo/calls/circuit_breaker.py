"""A circuit breaker: a vendor that has stopped answering is left alone, then asked by one call whether it is back.

After Nygard, "Release It!" (Circuit Breaker). Counts within a window of time, and only failures to answer: a refusal
with a code is an answer. For one event loop.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..domain.errors import CircuitOpen, DemoError, InvalidResponse, OutcomeUnknown, Unreachable, VendorError

NO_ANSWER_ERRORS = (Unreachable, OutcomeUnknown, InvalidResponse)
MAX_FAILURES = 5
WINDOW_S = 30.0
OPEN_S = 30.0


class CircuitBreaker:
    """Opens at `failures` failures to answer within `window` seconds, for `rest` seconds; None: never.

    An answer in between clears the count: the vendor is there. While open, `guard` raises Resting. Once rested, one
    call is let through as a probe: its answer closes the breaker, its failure opens it anew.
    """

    def __init__(
        self,
        provider: str = "",
        *,
        max_failures: int | None = MAX_FAILURES,
        window_s: float = WINDOW_S,
        open_s: float = OPEN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._max_failures = max_failures
        self._window_s = window_s
        self._open_s = open_s
        self._clock = clock
        self._failure_times: deque[float] = deque(maxlen=max_failures)
        self._open_until: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are turned away, but for a probe."""
        return self._open_until is not None

    def check(self) -> None:
        """Raises Resting where `guard` would. Claims nothing."""
        if self._open_until is None:
            return
        remaining_s = self._open_until - self._clock()
        if remaining_s > 0 or self._is_probing:
            raise CircuitOpen(provider=self._provider, seconds=max(1, math.ceil(remaining_s)))

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Around one call to the vendor: learns from how it ends. Raises Resting instead of letting it begin."""
        self.check()
        is_probe = self._is_probing = self.is_open
        try:
            yield
        except DemoError as error:
            if isinstance(error, NO_ANSWER_ERRORS) and error.facts.get("cause") != "busy":  # that was our own pool
                self._record_failure(is_probe)
            elif isinstance(error, VendorError):
                self._record_success()
            raise
        else:
            self._record_success()
        finally:
            if is_probe:
                self._is_probing = False  # a probe that was given up tells nothing: the next call is one

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
