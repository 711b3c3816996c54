"""A circuit breaker: a vendor that has stopped answering is left alone, then asked by one call whether it is back.

After Nygard, "Release It!" (Circuit Breaker). Counts within a window of time, and only failures to answer: a refusal
with a code is an answer. For one event loop.
"""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import BadReply, DemoError, OutcomeUnknown, ProviderError, Resting, Unreachable

NOT_ANSWERED = (Unreachable, OutcomeUnknown, BadReply)
FAILURES = 5
WINDOW_S = 30.0
REST_S = 30.0


class Breaker:
    """Opens at `failures` failures to answer within `window` seconds, for `rest` seconds; None: never.

    An answer in between clears the count: the vendor is there. While open, `watching` raises Resting. Once rested, one
    call is let through as a probe: its answer closes the breaker, its failure opens it anew.
    """

    def __init__(
        self,
        provider: str = "",
        *,
        failures: int | None = FAILURES,
        window: float = WINDOW_S,
        rest: float = REST_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._provider = provider
        self._limit = failures
        self._window = window
        self._rest = rest
        self._clock = clock
        self._failed_at: deque[float] = deque(maxlen=failures)
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are turned away, but for a probe."""
        return self._open_until is not None

    def check(self) -> None:
        """Raises Resting where `watching` would. Claims nothing."""
        if self._open_until is None:
            return
        left = self._open_until - self._clock()
        if left > 0 or self._probing:
            raise Resting(provider=self._provider, seconds=max(1, math.ceil(left)))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around one call to the vendor: learns from how it ends. Raises Resting instead of letting it begin."""
        self.check()
        probe = self._probing = self.is_open
        try:
            yield
        except DemoError as error:
            if isinstance(error, NOT_ANSWERED) and error.facts.get("cause") != "busy":  # that was our own pool
                self._failed(probe)
            elif isinstance(error, ProviderError):
                self._answered()
            raise
        else:
            self._answered()
        finally:
            if probe:
                self._probing = False  # a probe that was given up tells nothing: the next call is one

    def _answered(self) -> None:
        self._failed_at.clear()
        self._open_until = None

    def _failed(self, probe: bool) -> None:
        if self._limit is None:
            return
        now = self._clock()
        self._failed_at.append(now)
        full = len(self._failed_at) == self._limit and now - self._failed_at[0] <= self._window
        if probe or (full and not self.is_open):
            self._open_until = now + self._rest
