"""Fair queue: one visitor's many calls do not keep another visitor's single call waiting.

    async with queue.slot(visitor, on_position):      # raises QueueFull at once if too many calls are pending
        …                                             # at most `max_concurrent` of these run

The visitor with the fewest running calls is admitted first; among equals it is round robin. A visitor's own calls keep
their order. A call that is cancelled while waiting leaves the queue; one that runs frees its slot when its block ends.
For one event loop.
"""

import asyncio
import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import itemgetter

from ..domain.errors import QueueFull

EWMA_SAMPLES = 8  # weight of the exponential moving average of durations
PositionCallback = Callable[[int, int | None], None]  # calls before this one; estimated wait in seconds, if known


def ignore_position(position: int, wait_s: int | None) -> None:
    """A position callback that does nothing."""


@dataclass(eq=False, slots=True)
class _Waiter:
    """One waiting call, and the position that was reported last."""

    visitor: str
    on_position: PositionCallback
    position: int = -1
    admitted: asyncio.Event = field(default_factory=asyncio.Event)


def _decrement(count: Counter[str], visitor: str) -> None:
    count[visitor] -= 1
    if not count[visitor]:
        del count[visitor]


class FairQueue:
    """At most `max_concurrent` calls run; at most `per_visitor` of one visitor and `max_pending` in all are pending.

    A pending call runs or waits.
    """

    def __init__(
        self,
        max_concurrent: int = 2,
        per_visitor: int = 3,
        max_pending: int = 60,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_concurrent, self._per_visitor, self._max_pending = max_concurrent, per_visitor, max_pending
        self._clock = clock
        self._running = Counter[str]()  # by visitor, like the next two
        self._pending = Counter[str]()  # running and waiting
        self._waiters: OrderedDict[str, deque[_Waiter]] = OrderedDict()  # in round-robin order
        self._average_s: float | None = None  # moving average of the seconds that a block takes

    @property
    def waiting_count(self) -> int:
        """How many calls wait now."""
        return sum(map(len, self._waiters.values()))

    @asynccontextmanager
    async def slot(self, visitor: str, on_position: PositionCallback = ignore_position) -> AsyncIterator[None]:
        """Wait for a slot, and hold it while the block runs. Raises QueueFull at once if too many calls are pending.

        on_position: called at each change of the position; must not raise.
        """
        self._check_capacity(visitor)
        self._pending[visitor] += 1
        try:
            await self._acquire(visitor, on_position)
            started_s = self._clock()
            try:
                yield
            finally:
                took_s = self._clock() - started_s
                self._average_s = (
                    took_s if self._average_s is None else self._average_s + (took_s - self._average_s) / EWMA_SAMPLES
                )
                self._release(visitor)
        finally:
            _decrement(self._pending, visitor)

    def _check_capacity(self, visitor: str) -> None:
        pending, waiters = self._pending[visitor], self._rank_waiters()
        if pending >= self._per_visitor:
            rounds = 1 if self._running[visitor] else self._count_rounds(waiters.index(self._waiters[visitor][0])) + 1
            raise QueueFull("crowded_visitor", waiting=pending, seconds=self._estimate_wait_s(rounds))
        if self._pending.total() >= self._max_pending:
            raise QueueFull(waiting=len(waiters), seconds=self._estimate_wait_s(self._count_rounds(len(waiters))))

    async def _acquire(self, visitor: str, on_position: PositionCallback) -> None:
        if self._running.total() < self._max_concurrent:  # then nobody waits: a waiter gets a released slot at once
            self._running[visitor] += 1
            return
        waiter = _Waiter(visitor, on_position)
        self._waiters.setdefault(visitor, deque()).append(waiter)
        try:
            self._notify_positions()
            await waiter.admitted.wait()
        except BaseException:
            if waiter.admitted.is_set():  # cancelled just after it was admitted
                self._release(visitor)
            else:
                self._waiters[visitor].remove(waiter)
                if not self._waiters[visitor]:
                    del self._waiters[visitor]
                self._notify_positions()
            raise

    def _release(self, visitor: str) -> None:
        waiters = self._rank_waiters()  # before the decrement, as positions were reported: the ending call counts
        _decrement(self._running, visitor)
        if waiters:
            self._admit(waiters[0])
        self._notify_positions()

    def _admit(self, waiter: _Waiter) -> None:
        waiters = self._waiters.pop(waiter.visitor)
        waiters.popleft().admitted.set()
        self._running[waiter.visitor] += 1
        if waiters:
            self._waiters[waiter.visitor] = waiters  # to the end of the round

    def _rank_waiters(self) -> list[_Waiter]:
        """All waiters in order of admission: by the number of the same visitor's calls before each."""
        ranked = [
            (self._running[visitor] + index, waiter)
            for visitor, waiters in self._waiters.items()
            for index, waiter in enumerate(waiters)
        ]
        return [ranked_waiter for _, ranked_waiter in sorted(ranked, key=itemgetter(0))]

    def _notify_positions(self) -> None:
        for position, waiter in enumerate(self._rank_waiters()):
            if waiter.position != position:
                waiter.position = position
                waiter.on_position(position, self._estimate_wait_s(self._count_rounds(position)))

    def _count_rounds(self, position: int) -> int:
        """The number of rounds of calls that end before `position` is admitted, rounded up."""
        return position // self._max_concurrent + 1

    def _estimate_wait_s(self, rounds: int) -> int | None:
        """Estimated seconds for `rounds` rounds of calls; None before the first call has ended."""
        return None if self._average_s is None else max(1, math.ceil(self._average_s * rounds))
