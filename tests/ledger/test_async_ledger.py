"""Ledger on the event loop: blocks that are left early, cancelled tasks, a database that goes down."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import anyio
import pytest

from ledger.samples import Clock, intent, row, states
from meitu_demo.domain.errors import LedgerUnavailable, OverBudget
from meitu_demo.ledger.async_ledger import Ledger
from meitu_demo.ledger.limits import Budgets
from meitu_demo.ledger.store import Answer, Store, SweepResult

pytestmark = pytest.mark.xdist_group("ledger")


async def run_and_cancel(
    visit: Callable[[], Coroutine[Any, Any, None]],
    ready: Callable[[], Awaitable[object]],
    *,
    native: bool,
    then: Callable[[], object] = lambda: None,
) -> None:
    """`visit` begun, cancelled by asyncio or anyio once it is `there`, seen to its end. then: what comes after that."""
    if native:
        task = asyncio.create_task(visit())
        await ready()
        task.cancel()
        await asyncio.sleep(0)
        then()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        async with anyio.create_task_group() as group:
            group.start_soon(visit)
            await ready()
            group.cancel_scope.cancel()
            then()


async def test_reserve_records_each_outcome(store: Store) -> None:
    """Each outcome that is reported is the one that is written."""
    ledger = Ledger(store)
    async with ledger.reserve(intent()) as confirmed:
        await confirmed.mark_sent(10)
        await confirmed.mark_confirmed("id", 20)
    async with ledger.reserve(intent()) as refused:
        await refused.mark_sent(10)
        await refused.mark_refused(Answer("20003"))
    async with ledger.reserve(intent()) as unknown:
        await unknown.mark_sent(10)
        await unknown.mark_unknown("read_timeout")
    async with ledger.reserve(intent()) as lost:
        await lost.mark_sent(10)
        await lost.mark_undelivered("dns")
    wanted = {confirmed.id: "confirmed", refused.id: "refused", unknown.id: "unknown", lost.id: "released"}
    assert states(store) == wanted
    assert await ledger.count_calls_today("meitu") == 2
    await ledger.close()


@pytest.mark.parametrize(("sent", "end"), [(False, "released"), (True, "unknown")])
async def test_reserve_settles_a_block_left_by_an_error(store: Store, sent: bool, end: str) -> None:
    """Without an outcome, a call is released before it was sent and unknown after; the error is raised on."""

    async def fail() -> None:
        async with Ledger(store).reserve(intent()) as call:
            if sent:
                await call.mark_sent(1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert list(states(store).values()) == [end]


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize(("sent", "end"), [(False, "released"), (True, "unknown")])
async def test_reserve_settles_a_cancelled_task(store: Store, native: bool, sent: bool, end: str) -> None:
    """A task cancelled by anyio or asyncio, as when a tab is closed, leaves no open call."""
    ledger = Ledger(store)
    ready = anyio.Event()

    async def visit() -> None:
        async with ledger.reserve(intent()) as call:
            if sent:
                await call.mark_sent(1)
            ready.set()
            await anyio.sleep_forever()

    await run_and_cancel(visit, ready.wait, native=native)
    assert list(states(store).values()) == [end]
    assert await ledger.renew_leases() == 0


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("verb", ["reserve", "mark_sent"])
async def test_call_cancelled_while_its_row_is_written_is_released(store: Store, native: bool, verb: str) -> None:
    """A task cancelled while its reservation or `mark_sent` is being written sends nothing and does not count."""
    gate, writing = threading.Event(), threading.Event()
    write = getattr(store, verb)

    def slowly(*arguments: Any) -> Any:
        writing.set()
        gate.wait(60)
        return write(*arguments)

    setattr(store, verb, slowly)
    ledger = Ledger(store)

    async def visit() -> None:
        async with ledger.reserve(intent()) as call:
            await call.mark_sent(1)
            pytest.fail("was cancelled before")

    await run_and_cancel(visit, partial(anyio.to_thread.run_sync, writing.wait, 30), native=native, then=gate.set)
    assert list(states(store).values()) == ["released"]
    assert await ledger.renew_leases() == 0


async def test_heartbeat_renews_leases_and_sweeps(open_store: Callable[..., Store], clock: Clock) -> None:
    """Open calls outlast any number of leases while the heartbeat runs, and another's abandoned calls are swept."""
    active, dead = open_store(), open_store()
    ledger = Ledger(active)
    left = dead.reserve(intent())
    rounds = 0

    async def sleep(seconds: float) -> None:
        nonlocal rounds
        rounds += 1
        clock.now += seconds
        if rounds == 20:
            raise asyncio.CancelledError

    async with ledger.reserve(intent()) as call:
        await call.mark_sent(1)
        with pytest.raises(asyncio.CancelledError):
            await ledger.run_heartbeat(sleep)
        assert states(active) == {left: "released", call.id: "sent"}
        await call.mark_confirmed("id", 20)
    assert states(active)[call.id] == "confirmed"


async def test_heartbeat_survives_a_database_outage(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that fails is followed by the next."""
    answers = iter([LedgerUnavailable(), SweepResult(0, 0), asyncio.CancelledError()])
    heard = []

    def sweep() -> SweepResult:
        answer = next(answers)
        heard.append(answer)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def no_wait(_seconds: float) -> None:
        await anyio.lowlevel.checkpoint()

    monkeypatch.setattr(store, "sweep", sweep)
    with pytest.raises(asyncio.CancelledError):
        await Ledger(store).run_heartbeat(no_wait)
    assert len(heard) == 3


async def test_reserve_over_budget_does_not_enter_the_block(store: Store) -> None:
    """When the cap is reached, the block is not entered."""
    ledger = Ledger(store, Budgets(calls_per_day=1))
    async with ledger.reserve(intent()):
        with pytest.raises(OverBudget):
            async with ledger.reserve(intent()):
                pytest.fail("two of one")


async def test_ledger_without_a_database_sends_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither reserving nor `mark_sent` succeeds; an outcome that cannot be written is no error."""

    def fail(*_arguments: object) -> None:
        raise LedgerUnavailable(cause="fail")

    ledger = Ledger(store)

    async def send() -> None:
        async with ledger.reserve(intent()) as call:
            await call.mark_sent(1)
            pytest.fail("was not written")

    for verb, left in (("reserve", []), ("mark_sent", ["released"])):
        with monkeypatch.context() as patch:
            patch.setattr(store, verb, fail)
            with pytest.raises(LedgerUnavailable):
                await send()
        assert list(states(store).values()) == left
    async with ledger.reserve(intent()) as paid:
        await paid.mark_sent(1)
        with monkeypatch.context() as patch:
            patch.setattr(store, "mark_confirmed", fail)
            await paid.mark_confirmed("id", 20)
    assert states(store)[paid.id] == "sent"
    assert await ledger.renew_leases() == 0  # nobody holds it any more: the sweep will say unknown


async def test_mark_sent_rejects_a_swept_reservation(store: Store, clock: Clock) -> None:
    """An instance that slept past its lease and was swept does not send."""

    async def sleep_and_send() -> None:
        async with Ledger(store).reserve(intent()) as call:
            clock.now += store.lease_s + 1
            store.sweep()
            await call.mark_sent(1)

    with pytest.raises(LedgerUnavailable):
        await sleep_and_send()
    [call] = states(store)
    assert (row(store, call)["state"], row(store, call)["cause"]) == ("released", "lease_ran_out")


async def test_reserve_does_not_block_the_event_loop(store: Store, open_store: Callable[..., Store]) -> None:
    """While a reservation waits for the database's lock, other tasks run; it is granted when the lock is free."""
    other = open_store()
    other.sweep()
    ledger = Ledger(store)
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with other.database.exclusive():
            holding.set()
            release.wait(60)

    async def visit() -> None:
        async with ledger.reserve(intent()):
            pass

    async with anyio.create_task_group() as group:
        group.start_soon(anyio.to_thread.run_sync, hold)
        await anyio.to_thread.run_sync(holding.wait, 30)
        group.start_soon(visit)
        for _ in range(100):
            await anyio.lowlevel.checkpoint()  # would never come back if the loop itself waited
        release.set()
    assert list(states(store).values()) == ["released"]
