"""The ledger for the event loop, which never waits for the disk: few threads of its own do. Imports `store`."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import anyio

from ..errors import LedgerUnavailable, OverBudget
from .budgets import Budgets
from .pace import Pace
from .store import NO_BUDGETS, SILENCE, Answer, IllegalTransition, Intent, Store, Swept
from .tables import State

LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


class Ledger:
    """The ledger and its budgets. Run `tend` in the background for as long as the app lives, and `close` at its end."""

    def __init__(self, store: Store, budgets: Budgets = NO_BUDGETS, *, threads: int = 4) -> None:
        self.store = store
        self.budgets = budgets
        self._threads = anyio.CapacityLimiter(threads)
        self._held: set[str] = set()

    @asynccontextmanager
    async def call(self, intent: Intent) -> AsyncIterator["Call"]:
        """Reserve a call for as long as the block runs. Raises OverBudget or LedgerUnavailable: nothing may be sent.

        Left without a word, a call that was not sent is released, and one that was sent is unknown.
        """
        call = Call(self, await self.run_whole(self._leave, self.store.reserve, intent, self.budgets))
        self._held.add(call.id)
        try:
            yield call
        finally:
            try:
                with anyio.CancelScope(shield=True):
                    await call.leave()
            finally:
                self._held.discard(call.id)

    async def tend(self, sleep: Callable[[float], Awaitable[object]] = anyio.sleep) -> None:
        """For ever: renew the leases of calls under way here, and sweep what others left."""
        while True:
            try:
                await self.renew()
                await self.run(self.store.sweep)
            except LedgerUnavailable:
                pass  # has been logged; the leases last for more than one round
            await sleep(self.store.lease / 4)

    async def renew(self) -> int:
        """Renew the leases of the calls that are under way here; how many those are."""
        return await self.run(self.store.renew, tuple(self._held))

    async def sweep(self) -> Swept:
        """Settle what a dead instance has left."""
        return await self.run(self.store.sweep)

    async def used_today(self, provider: str) -> int:
        """The calls to `provider` that count against its cap today."""
        return await self.run(self.store.used_today, provider)

    async def close(self) -> None:
        """Give the database's connections back."""
        await self.run(self.store.database.close)

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """`work` in one of the ledger's threads."""
        return await anyio.to_thread.run_sync(lambda: work(*arguments), limiter=self._threads)

    async def run_whole(
        self, undo: Callable[[Result], Awaitable[None]], work: Callable[..., Result], *arguments: object
    ) -> Result:
        """The same; the thread goes on when the task is cancelled, so `undo` follows then, with what it gave."""
        running = asyncio.ensure_future(self.run(work, *arguments))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True), suppress(LedgerUnavailable, OverBudget, IllegalTransition):
                await undo(await running)
            raise

    async def _leave(self, call: str) -> None:
        await Call(self, call).leave()


class Call:
    """One paid call under way. Say `sent` before the first byte leaves, then how it ended, once.

    The words about its end never raise LedgerUnavailable: the money is spent, and the person gets the result. The row
    then stays `sent` until its lease runs out, and is `unknown` from there on: counted, as it should be.
    """

    def __init__(self, ledger: Ledger, call: str) -> None:
        self.id = call
        self.state = State.RESERVED
        self._ledger = ledger
        self._store = ledger.store

    async def turn(self, pace: Pace) -> float:
        """The seconds until the key's rate lets this call through. Raises Busy or LedgerUnavailable."""
        return await self._ledger.run(self._store.take_turn, pace)

    async def sent(self, bytes_sent: int) -> None:
        """Raises LedgerUnavailable, or IllegalTransition when the reservation was lost: nothing may be sent."""
        await self._ledger.run_whole(self._not_sent, self._store.mark_sent, self.id, bytes_sent)
        self.state = State.SENT

    async def confirmed(self, answer: Answer = SILENCE) -> None:
        """The vendor did it."""
        await self._end(State.CONFIRMED, lambda: self._store.confirm(self.id, answer))

    async def refused(self, answer: Answer) -> None:
        """The vendor says that it did not do it: it is not counted."""
        await self._end(State.REFUSED, lambda: self._store.refuse(self.id, answer))

    async def unknown(self, cause: str, answer: Answer = SILENCE) -> None:
        """Nobody can say whether the vendor did it: it is counted."""
        await self._end(State.UNKNOWN, lambda: self._store.mark_unknown(self.id, cause, answer))

    async def never_arrived(self, cause: str) -> None:
        """It provably did not reach the vendor: it is not counted."""
        await self._end(State.RELEASED, lambda: self._store.never_arrived(self.id, cause))

    async def _not_sent(self, _: None) -> None:
        await self.never_arrived("not_sent")

    async def leave(self) -> None:
        """What nobody has said until now. Never raises."""
        try:
            if self.state is State.RESERVED:
                await self._end(State.RELEASED, lambda: self._store.release(self.id, "not_sent"))
            elif self.state is State.SENT:
                await self._end(State.UNKNOWN, lambda: self._store.mark_unknown(self.id, "abandoned"))
        except IllegalTransition as error:  # swept, or said by a thread whose task was cancelled: the row knows more
            LOG.warning("a paid call had ended already: %s", error)

    async def _end(self, state: State, work: Callable[[], None]) -> None:
        try:
            await self._ledger.run(work)
        except LedgerUnavailable:
            LOG.warning("the end of a paid call (%s) could not be written: it will be counted as unknown", state)
        self.state = state
