"""Who stands before the mirror: a few at a time, each with one frame under way. For one event loop.

A seat is a name that the page drew for this start of its mirror, and when its last frame came; nothing of a frame.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MOST = 2  # mirrors at a time: at one frame in work, each keeps half of its frames a second
IDLE_S = 4.0  # a mirror that sends nothing for so long has been left


class Taken(Exception):
    """Somebody else is at each of the mirrors."""


class Already(Exception):
    """A frame of this mirror is under way: this one is dropped."""


@dataclass(slots=True)
class _Seat:
    last: float
    at_work: bool = False


class Seats:
    """At most `most` names at a time; one that was idle for `idle` seconds makes room."""

    def __init__(self, most: int = MOST, idle: float = IDLE_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._idle, self._clock = most, idle, clock
        self._seats: dict[str, _Seat] = {}

    @contextmanager
    def frame(self, name: str) -> Iterator[None]:
        """One frame of `name`'s, under way while the block runs. Raises Taken or Already, at once."""
        self._sweep()
        if name not in self._seats and len(self._seats) >= self._most:
            raise Taken
        seat = self._seats.setdefault(name, _Seat(self._clock()))
        if seat.at_work:
            raise Already
        seat.at_work = True
        try:
            yield
        finally:
            seat.at_work, seat.last = False, self._clock()

    def leave(self, name: str) -> None:
        """`name` goes; its place is free at once."""
        self._seats.pop(name, None)

    def __len__(self) -> int:
        self._sweep()
        return len(self._seats)

    def _sweep(self) -> None:
        now = self._clock()
        for name, seat in list(self._seats.items()):
            if not seat.at_work and now - seat.last > self._idle:
                del self._seats[name]
