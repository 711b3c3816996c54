"""Fair turns where only so much runs at a time: one visitor's many calls do not keep another's single one waiting.

    async with turns.turn(visitor, waiting):      # raises Crowded at once when there is no place left
        …                                         # at most `at_once` of these run

Whoever has the fewest running is let in first, among equals one after the other in a circle, and each visitor's calls
in their order: the line that is told is the one that moves, and only newcomers may come between. Whoever is cancelled
while waiting leaves the line; while running, the slot is free when the body ends. For one event loop. Imports `errors`.
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

EWMA_SAMPLES = 8  # about so many of the last durations make the average
PositionCallback = Callable[
    [int, int | None], None
]  # how many come before, and about how many seconds that takes, if known


def ignore_position(position: int, wait_s: int | None) -> None:
    """For calls whose place in line nobody watches."""


@dataclass(eq=False, slots=True)
class _Waiter:
    """One call in line, and what its watcher was told last."""

    visitor: str
    on_position: PositionCallback
    position: int = -1
    admitted: asyncio.Event = field(default_factory=asyncio.Event)


def _decrement(count: Counter[str], visitor: str) -> None:
    count[visitor] -= 1
    if not count[visitor]:
        del count[visitor]


class FairQueue:
    """At most `at_once` run; a visitor may have `each` running and waiting, all together `most`."""

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
        self._running = Counter[str]()  # by visitor, as the next two
        self._pending = Counter[str]()  # running and waiting
        self._waiters: OrderedDict[str, deque[_Waiter]] = OrderedDict()  # who waits, in the order of the circle
        self._average_s: float | None = None  # seconds that a body took lately

    @property
    def waiting_count(self) -> int:
        """How many calls stand in line now."""
        return sum(map(len, self._waiters.values()))

    @asynccontextmanager
    async def slot(self, visitor: str, on_position: PositionCallback = ignore_position) -> AsyncIterator[None]:
        """A slot for as long as the block runs. `on_position` hears of each change of the place in line; it must not
        raise.

        Raises Crowded instead of letting a line grow that nobody would wait for.
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
        if (
            self._running.total() < self._max_concurrent
        ):  # then nobody waits: a slot that becomes free is handed on at once
            self._running[visitor] += 1
            return
        waiter = _Waiter(visitor, on_position)
        self._waiters.setdefault(visitor, deque()).append(waiter)
        try:
            self._notify_positions()
            await waiter.admitted.wait()
        except BaseException:
            if waiter.admitted.is_set():  # let in and called away in the same moment: the slot goes on to the next
                self._release(visitor)
            else:
                self._waiters[visitor].remove(waiter)
                if not self._waiters[visitor]:
                    del self._waiters[visitor]
                self._notify_positions()
            raise

    def _release(self, visitor: str) -> None:
        waiters = self._rank_waiters()  # as it was told: what ends now still counts
        _decrement(self._running, visitor)
        if waiters:
            self._admit(waiters[0])
        self._notify_positions()

    def _admit(self, waiter: _Waiter) -> None:
        waiters = self._waiters.pop(waiter.visitor)
        waiters.popleft().admitted.set()
        self._running[waiter.visitor] += 1
        if waiters:
            self._waiters[waiter.visitor] = waiters  # behind the others

    def _rank_waiters(self) -> list[_Waiter]:
        """Everybody who waits, as they would be let in if nobody came or left: by how many of their own go before."""
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
        """How many calls, one after the other, end before somebody's turn: rounded up, so that it comes no later."""
        return position // self._max_concurrent + 1

    def _estimate_wait_s(self, rounds: int) -> int | None:
        """About how long so many calls take one after the other; None before the first has ended."""
        return None if self._average_s is None else max(1, math.ceil(self._average_s * rounds))
