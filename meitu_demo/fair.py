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

from .errors import Crowded

MEMORY = 8  # about so many of the last durations make the average
Waiting = Callable[[int, int | None], None]  # how many come before, and about how many seconds that takes, if known


def unheard(before: int, seconds: int | None) -> None:
    """For calls whose place in line nobody watches."""


@dataclass(eq=False, slots=True)
class _Place:
    """One call in line, and what its watcher was told last."""

    visitor: str
    waiting: Waiting
    before: int = -1
    admitted: asyncio.Event = field(default_factory=asyncio.Event)


def _drop(count: Counter[str], visitor: str) -> None:
    count[visitor] -= 1
    if not count[visitor]:
        del count[visitor]


class Turns:
    """At most `at_once` run; a visitor may have `each` running and waiting, all together `most`."""

    def __init__(
        self, at_once: int = 2, each: int = 3, most: int = 60, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._at_once, self._each, self._most = at_once, each, most
        self._clock = clock
        self._running = Counter[str]()  # by visitor, as the next two
        self._claims = Counter[str]()  # running and waiting
        self._line: OrderedDict[str, deque[_Place]] = OrderedDict()  # who waits, in the order of the circle
        self._average: float | None = None  # seconds that a body took lately

    @property
    def waiting(self) -> int:
        """How many calls stand in line now."""
        return sum(map(len, self._line.values()))

    @asynccontextmanager
    async def turn(self, visitor: str, waiting: Waiting = unheard) -> AsyncIterator[None]:
        """A slot for as long as the block runs. `waiting` hears of each change of the place in line; it must not raise.

        Raises Crowded instead of letting a line grow that nobody would wait for.
        """
        self._require_room(visitor)
        self._claims[visitor] += 1
        try:
            await self._enter(visitor, waiting)
            begun = self._clock()
            try:
                yield
            finally:
                took = self._clock() - begun
                self._average = took if self._average is None else self._average + (took - self._average) / MEMORY
                self._leave(visitor)
        finally:
            _drop(self._claims, visitor)

    def _require_room(self, visitor: str) -> None:
        mine, line = self._claims[visitor], self._order()
        if mine >= self._each:
            rounds = 1 if self._running[visitor] else self._rounds(line.index(self._line[visitor][0])) + 1
            raise Crowded("crowded_visitor", waiting=mine, seconds=self._seconds(rounds))
        if self._claims.total() >= self._most:
            raise Crowded(waiting=len(line), seconds=self._seconds(self._rounds(len(line))))

    async def _enter(self, visitor: str, waiting: Waiting) -> None:
        if self._running.total() < self._at_once:  # then nobody waits: a slot that becomes free is handed on at once
            self._running[visitor] += 1
            return
        place = _Place(visitor, waiting)
        self._line.setdefault(visitor, deque()).append(place)
        try:
            self._tell()
            await place.admitted.wait()
        except BaseException:
            if place.admitted.is_set():  # let in and called away in the same moment: the slot goes on to the next
                self._leave(visitor)
            else:
                self._line[visitor].remove(place)
                if not self._line[visitor]:
                    del self._line[visitor]
                self._tell()
            raise

    def _leave(self, visitor: str) -> None:
        order = self._order()  # as it was told: what ends now still counts
        _drop(self._running, visitor)
        if order:
            self._let_in(order[0])
        self._tell()

    def _let_in(self, place: _Place) -> None:
        places = self._line.pop(place.visitor)
        places.popleft().admitted.set()
        self._running[place.visitor] += 1
        if places:
            self._line[place.visitor] = places  # behind the others

    def _order(self) -> list[_Place]:
        """Everybody who waits, as they would be let in if nobody came or left: by how many of their own go before."""
        ranked = [(self._running[who] + at, one) for who, own in self._line.items() for at, one in enumerate(own)]
        return [place for _, place in sorted(ranked, key=itemgetter(0))]

    def _tell(self) -> None:
        for before, place in enumerate(self._order()):
            if place.before != before:
                place.before = before
                place.waiting(before, self._seconds(self._rounds(before)))

    def _rounds(self, before: int) -> int:
        """How many calls, one after the other, end before somebody's turn: rounded up, so that it comes no later."""
        return before // self._at_once + 1

    def _seconds(self, rounds: int) -> int | None:
        """About how long so many calls take one after the other; None before the first has ended."""
        return None if self._average is None else max(1, math.ceil(self._average * rounds))
