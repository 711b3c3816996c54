"""The ledger for the event loop: runs `Store` in a few worker threads, so that the loop never waits for the disk."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import anyio

from ..domain.errors import LedgerUnavailable, OverBudget
from ..redaction.text import sanitize
from .limits import Budgets, RateLimit
from .report import tally_calls
from .store import NO_ANSWER, NO_BUDGETS, Answer, IllegalTransition, Intent, Store
from .tables import PaidCallState

LOG = logging.getLogger(__name__)
BeforeSend = Callable[[], Awaitable[None]]
Result = TypeVar("Result")


class Ledger:
    """The ledger with its budgets. Keep `run_heartbeat` running in the background; `close` at the end."""

    def __init__(self, store: Store, budgets: Budgets = NO_BUDGETS, *, threads: int = 4) -> None:
        self.store = store
        self.budgets = budgets
        self._thread_limiter = anyio.CapacityLimiter(threads)
        self._active_call_ids: set[str] = set()

    @asynccontextmanager
    async def reserve(
        self, intent: Intent, rate_limit: RateLimit | None = None, before_send: BeforeSend | None = None
    ) -> AsyncIterator["PaidCall"]:
        """Reserve a call while the block runs. Raises OverBudget or LedgerUnavailable; then nothing may be sent.

        rate_limit: of the key that the call uses, if there is one. before_send: awaited once, before the first attempt.
        If the block ends without an outcome, a call that was not sent is released, and one that was sent is unknown.
        """
        call_id = await self.run_in_thread_uncancelled(
            lambda call_id: PaidCall(self, call_id).settle_if_open(), self.store.reserve, intent, self.budgets
        )
        call = PaidCall(self, call_id, rate_limit, before_send)
        self._active_call_ids.add(call_id)
        try:
            yield call
        finally:
            try:
                with anyio.CancelScope(shield=True):
                    await call.settle_if_open()
            finally:
                self._active_call_ids.discard(call_id)

    async def run_heartbeat(self, sleep: Callable[[float], Awaitable[object]] = anyio.sleep) -> None:
        """Loop forever: renew the leases of this instance's calls, and settle those of dead instances."""
        while True:
            try:
                await self.renew_leases()
                swept = await self.run_in_thread(self.store.sweep)
                if swept.released or swept.unknown:
                    counts = (swept.unknown, swept.released)
                    LOG.warning("an instance died: %d of its calls were sent and are now unknown, %d were not", *counts)
            except LedgerUnavailable:
                pass  # logged by `Database`; a lease lasts several rounds
            await sleep(self.store.lease_s / 4)

    async def renew_leases(self) -> int:
        """Renew the leases of this instance's open calls. Returns how many there are."""
        return await self.run_in_thread(self.store.renew_leases, tuple(self._active_call_ids))

    async def count_calls_today(self, vendor_id: str) -> int:
        """The number of calls to `vendor_id` that count against today's cap."""
        return await self.run_in_thread(self.store.count_calls_today, vendor_id)

    async def count_states(self) -> Counter[str]:
        """The number of calls in each state, to all vendors."""
        tallies = await self.run_in_thread(tally_calls, self.store, 0.0, self.store.clock() + 60)
        return sum((tally.states for tally in tallies), Counter())

    async def close(self) -> None:
        await self.run_in_thread(self.store.database.close)

    async def run_in_thread(self, work: Callable[..., Result], *arguments: object) -> Result:
        return await anyio.to_thread.run_sync(lambda: work(*arguments), limiter=self._thread_limiter)

    async def run_in_thread_uncancelled(
        self, undo: Callable[[Result], Awaitable[None]], work: Callable[..., Result], *arguments: object
    ) -> Result:
        """The same; if the task is cancelled, the thread still finishes, and its result is passed to `undo`."""
        running = asyncio.ensure_future(self.run_in_thread(work, *arguments))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True), suppress(LedgerUnavailable, OverBudget, IllegalTransition):
                await undo(await running)
            raise


class PaidCall:
    """One open paid call: call `mark_sent` before the first byte leaves, then one of the outcomes, once.

    Recording an outcome never raises LedgerUnavailable, because the money is spent and the user should get the result.
    If the database is unreachable, the row stays "sent" until its lease expires and it becomes "unknown", which counts.
    """

    def __init__(
        self,
        ledger: Ledger,
        call_id: str,
        rate_limit: RateLimit | None = None,
        before_send: BeforeSend | None = None,
    ) -> None:
        self.id = call_id
        self.state = PaidCallState.RESERVED
        self._ledger = ledger
        self._store = ledger.store
        self._rate_limit = rate_limit
        self._before_send = before_send

    async def rate_limit_delay(self) -> float:
        """Reserve a slot of the vendor's rate limit; returns the seconds until it, 0 without a limit.

        Raises RateLimited or LedgerUnavailable.
        """
        if self._rate_limit is None:
            return 0.0
        return await self._ledger.run_in_thread(self._store.reserve_slot, self._rate_limit)

    async def mark_sent(self, bytes_sent: int) -> None:
        """Call it before each attempt of the call. Raises LedgerUnavailable; then nothing may be sent."""
        if self.state is not PaidCallState.RESERVED:
            return
        if self._before_send:
            await self._before_send()
        try:
            await self._ledger.run_in_thread_uncancelled(
                lambda _: self.mark_undelivered("not_sent"), self._store.mark_sent, self.id, bytes_sent
            )
        except IllegalTransition:  # the lease ran out: the clock was set forward, or the machine slept
            raise LedgerUnavailable(cause="reservation_lost") from None
        self.state = PaidCallState.SENT

    async def mark_confirmed(self, request_id: str | None, bytes_received: int) -> None:
        """The vendor processed the call."""
        answer = Answer(request_id=sanitize(request_id or ""), bytes_received=bytes_received)
        await self._settle(PaidCallState.CONFIRMED, lambda: self._store.mark_confirmed(self.id, answer))

    async def mark_refused(self, answer: Answer) -> None:
        """The vendor says that it did not process the call: it is not counted."""
        await self._settle(PaidCallState.REFUSED, lambda: self._store.mark_refused(self.id, answer))

    async def mark_unknown(self, cause: str, answer: Answer = NO_ANSWER) -> None:
        """Whether the vendor processed the call cannot be known: it is counted."""
        await self._settle(PaidCallState.UNKNOWN, lambda: self._store.mark_unknown(self.id, cause, answer))

    async def mark_undelivered(self, cause: str) -> None:
        """The call provably did not reach the vendor: it is not counted."""
        await self._settle(PaidCallState.RELEASED, lambda: self._store.mark_undelivered(self.id, cause))

    async def settle_if_open(self) -> None:
        """Record the outcome if none was recorded: released if not sent, else unknown. Never raises."""
        try:
            if self.state is PaidCallState.RESERVED:
                await self._settle(PaidCallState.RELEASED, lambda: self._store.release(self.id, "not_sent"))
            elif self.state is PaidCallState.SENT:
                await self._settle(PaidCallState.UNKNOWN, lambda: self._store.mark_unknown(self.id, "abandoned"))
        except IllegalTransition as error:  # swept, or settled by the thread of a cancelled task: the row is correct
            LOG.warning("a paid call had ended already: %s", error)

    async def _settle(self, state: PaidCallState, work: Callable[[], None]) -> None:
        try:
            await self._ledger.run_in_thread(work)
        except LedgerUnavailable:
            LOG.warning("the end of a paid call (%s) could not be written: it will be counted as unknown", state)
        self.state = state
