"""One intent, one call: the same order of the same session joins the call in flight, or is shown its end again.

    ticket = desk.hand_in(session, fingerprint, ask, collect)
    async for step, seconds in ticket.steps(): …      # where it is
    outcome = await ticket.result()                   # raises what the call ended in
    ticket.leave()                                    # whoever stops watching; what was sent goes on to its end

For one event loop. Sessions never share anything: their name is part of the key. Imports `service` and `errand`.
"""

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from datetime import datetime
from weakref import WeakSet

from .errand import Ask, Collect, Errand, Progress
from .errors import Stopping
from .service import Outcome

CAPACITY = 256 * 1024 * 1024  # bytes of pictures in all; the oldest go first
WRITING_S = 2.0  # for the last words about calls that are broken off
NOT_AGAIN, WHICHEVER = 0, -1  # beside the numbers of calls


class Ticket:
    """One person's claim to an errand. repeated: it was there already. stopped: the person waits no longer."""

    def __init__(self, session: str, errand: Errand, *, repeated: bool) -> None:
        self.session = session
        self.repeated = repeated
        self.stopped = False
        self._errand = errand
        self._queue: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._queue.put_nowait(None if errand.ended else errand.last)
        errand.watchers.add(self._queue)

    @property
    def number(self) -> int:
        """By which "run again" says what it wants again."""
        return self._errand.number

    @property
    def run(self) -> str:
        """The id under which the log has the call."""
        return self._errand.run

    @property
    def begun_at(self) -> datetime:
        """When the call was made, in UTC."""
        return self._errand.begun_at

    @property
    def sent(self) -> bool:
        """Whether a byte may have left."""
        return self._errand.sent

    async def steps(self) -> AsyncIterator[Progress]:
        """Where the call is, until it ends or the person has had enough."""
        while (progress := await self._queue.get()) is not None:
            yield progress

    async def result(self) -> Outcome:
        """What came of it. Raises what it ended in. Being cancelled here does not cancel the call."""
        try:
            return await asyncio.shield(self._errand.task)
        except asyncio.CancelledError:
            if self._errand.task.cancelled():  # somebody waits here, so it is the app that gave up
                sent = self._errand.sent and not self._errand.free
                raise Stopping(cause="sent" if sent else "") from None
            raise

    def stop(self) -> None:
        """The person has had enough: `steps` comes to its end."""
        self.stopped = True
        self._queue.put_nowait(None)

    def leave(self) -> None:
        """Nobody watches here any more. A call that cannot have cost anything ends with its last watcher."""
        self._errand.watchers.discard(self._queue)
        if not self._errand.watchers and (self._errand.free or not self._errand.sent):
            self._errand.give_up()


class Desk:
    """Where orders are handed in. An end that was paid for is kept for `life` seconds, and while there is room."""

    def __init__(self, life: float, capacity: int = CAPACITY) -> None:
        self._life = life
        self._capacity = capacity
        self._numbers = itertools.count(1)
        self._errands: OrderedDict[tuple[str, str], tuple[float, Errand]] = OrderedDict()
        self._running: set[Errand] = set()
        self._tickets: WeakSet[Ticket] = WeakSet()  # of those who wait

    def hand_in(
        self, session: str, fingerprint: str, ask: Ask, collect: Collect, *, again: int = NOT_AGAIN, run: str = ""
    ) -> Ticket:
        """A ticket for the order with that fingerprint; `ask` is only used if the session has not made the call.

        again: the number of the call that is wanted once more although its end is known, or WHICHEVER there is. One
        that is in flight is joined all the same: a double click on "run again" is one intent. run: the id of the call,
        if it is made.
        """
        self.sweep()
        key = (session, fingerprint)
        errand = self._errands.get(key, (0.0, None))[1]
        if errand is not None and errand.ended and again in (errand.number, WHICHEVER):
            before, errand = errand, None
        else:
            before, errand = None, errand and errand.latest_worth()
        repeated = errand is not None
        if errand is None:
            errand = Errand(next(self._numbers), ask, collect, self._running, free=False, before=before, run=run)
        self._errands[key] = (time.monotonic() + self._life, errand)
        self._errands.move_to_end(key)
        return self._ticket(session, errand, repeated=repeated)

    def run(self, session: str, ask: Ask, collect: Collect, *, run: str = "") -> Ticket:
        """A ticket for a call that costs nothing: nobody joins it, and it is not kept."""
        errand = Errand(next(self._numbers), ask, collect, self._running, free=True, run=run)
        return self._ticket(session, errand, repeated=False)

    def stop(self, session: str) -> None:
        """The session's person has had enough of waiting."""
        for ticket in [ticket for ticket in self._tickets if ticket.session == session]:
            ticket.stop()

    def count(self, session: str) -> int:
        """How many calls are kept for the session."""
        return sum(key[0] == session for key in self._errands)

    def forget(self, session: str) -> None:
        """Keep nothing of a session's; what is in flight is still recorded to its end."""
        for key in [key for key in self._errands if key[0] == session]:
            del self._errands[key]

    async def finish(self, seconds: float) -> bool:
        """Before the app stops: what is not sent is dropped; calls in flight get so long to end. Whether some were.

        What has not ended by then is broken off, and written down as unknown.
        """
        for errand in list(self._running):
            if errand.free or not errand.sent:
                errand.give_up()
        waited = bool(self._running)
        if waited:
            _, late = await asyncio.wait([errand.task for errand in self._running], timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=WRITING_S)
        return waited

    def _ticket(self, session: str, errand: Errand, *, repeated: bool) -> Ticket:
        ticket = Ticket(session, errand, repeated=repeated)
        self._tickets.add(ticket)
        return ticket

    def sweep(self) -> None:
        """Forget what has been kept for long enough, or for which there is no room."""
        now = time.monotonic()
        room = self._capacity - sum(errand.size() for _, errand in self._errands.values())
        for key, (deadline, errand) in list(self._errands.items()):
            if errand.ended and (deadline < now or room < 0):
                room += errand.size()
                del self._errands[key]
