"""Fair queue: its limits, its order, what it leaves behind, and the waits that it reports."""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.clock import ManualClock

from meitu_demo.domain.errors import QueueFull
from meitu_demo.runtime.fair_queue import FairQueue


async def settle() -> None:
    """Let every task go on until all of them wait for something."""
    for _ in range(8):
        await asyncio.sleep(0)


class Call:
    """One visitor's call: waits for its slot, runs until `end` is set, and records the positions that are reported."""

    numbers = itertools.count()

    def __init__(self, queue: FairQueue, visitor: str) -> None:
        self.visitor, self.number = visitor, next(self.numbers)
        self.positions: list[tuple[int, int | None]] = []
        self.state = "new"
        self.rejection: QueueFull | None = None
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(queue))

    async def _run(self, queue: FairQueue) -> None:
        try:
            async with queue.slot(self.visitor, self._on_position):
                self.state = "running"
                await self.end.wait()
        except QueueFull as error:
            self.rejection = error
        finally:
            self.state = "gone"

    def _on_position(self, before: int, seconds: int | None) -> None:
        self.state = "waiting"
        self.positions.append((before, seconds))


def list_in_state(calls: list[Call], state: str) -> list[Call]:
    return [call for call in calls if call.state == state]


def is_empty(queue: FairQueue) -> bool:
    """Whether it keeps nothing of any visitor."""
    return not queue._pending and not queue._waiters and not queue._running


# ── Any order of events ─────────────────────────────────────────────────────────────────────────────────────────────
STEPS = st.tuples(st.sampled_from(["come", "come", "end", "leave", "settle"]), st.integers(0, 99))


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=60), st.integers(1, 3), st.integers(1, 4), st.integers(2, 9))
def test_fair_queue_holds_its_limits_at_every_step(
    steps: list[tuple[str, int]], max_concurrent: int, per_visitor: int, max_pending: int
) -> None:
    """Calls come, end and are cancelled in any order, also at the same moment: limits, order and positions hold."""

    async def run_steps() -> None:
        queue = FairQueue(max_concurrent, per_visitor, max_pending)
        calls: list[Call] = []
        for step, number in [*steps, ("settle", 0)]:
            present = [call for call in calls if call.state != "gone"]
            some = list_in_state(calls, "running") if step == "end" else present
            if step == "come":
                calls.append(Call(queue, "abc"[number % 3]))
            elif step == "settle":
                await settle()
                check_invariants(queue, calls)
            elif some:
                call = some[number % len(some)]
                call.end.set() if step == "end" else call.task.cancel()
            assert len(list_in_state(calls, "running")) <= max_concurrent
        while waiting := sorted(list_in_state(calls, "waiting"), key=lambda call: call.positions[-1]):
            list_in_state(calls, "running")[0].end.set()
            await settle()
            assert waiting[0].state == "running"  # who was told that nobody is before them
            check_invariants(queue, calls)
        for call in calls:
            call.end.set()
        await settle()
        assert is_empty(queue)

    def check_invariants(queue: FairQueue, calls: list[Call]) -> None:
        running, waiting = list_in_state(calls, "running"), list_in_state(calls, "waiting")
        claims = Counter(call.visitor for call in [*running, *waiting])
        assert queue._pending == claims
        assert not waiting or len(running) == max_concurrent  # no wake-up is lost
        assert queue._running == Counter(call.visitor for call in running)
        assert len(running) + len(waiting) <= max_pending
        assert all(count <= per_visitor for count in claims.values())
        assert sorted(call.positions[-1][0] for call in waiting) == list(range(len(waiting)))
        for visitor in claims:  # each visitor's calls keep their order
            own = [call for call in waiting if call.visitor == visitor]
            assert [call.positions[-1] for call in own] == sorted(call.positions[-1] for call in own)

    asyncio.run(run_steps())


@given(st.integers(0, 9), st.permutations(["end", "leave"]))
def test_fair_queue_passes_an_abandoned_slot_on(more: int, order: list[str]) -> None:
    """If a slot becomes free at the moment at which the first in line is cancelled, the next one gets it."""

    async def run_steps() -> None:
        queue = FairQueue(1, 99, 99)
        first, second, *others = [Call(queue, f"v{n}") for n in range(3 + more)]
        await settle()
        for step in order:
            first.end.set() if step == "end" else second.task.cancel()
        await settle()
        assert (first.state, second.state, others[0].state) == ("gone", "gone", "running")
        for call in others:
            call.end.set()
        await asyncio.gather(*(call.task for call in others))
        assert is_empty(queue)

    asyncio.run(run_steps())


# ── Fairness ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("visitors", "rounds"), [(2, 50), (7, 50), (20, 50)])
async def test_fair_queue_serves_visitors_equally(visitors: int, rounds: int, figure: Callable[[str], None]) -> None:
    """Visitors who always wait for a slot have had the same number of slots at every moment, give or take one."""
    queue = FairQueue(max_concurrent=2, per_visitor=3, max_pending=1000)
    draw = random.Random(visitors)
    served: Counter[str] = Counter({f"v{n}": 0 for n in range(visitors)})
    max_spread = 0

    async def use_slots(visitor: str) -> None:
        nonlocal max_spread
        while served[visitor] < rounds:
            async with queue.slot(visitor):
                served[visitor] += 1
                max_spread = max(max_spread, max(served.values()) - min(served.values()))
                for _ in range(draw.randrange(6)):
                    await asyncio.sleep(0)

    blockers = [Call(queue, f"door {n}") for n in range(2)]
    await settle()
    tasks = [asyncio.create_task(use_slots(visitor)) for visitor in served for _ in range(3)]
    await settle()  # all stand in line
    for blocker in blockers:
        blocker.end.set()
    await asyncio.gather(*tasks)
    assert max_spread <= 1
    assert is_empty(queue)
    figure(f"fair: {visitors} visitors × {rounds} slots, shares differ by at most {max_spread}")


async def test_fair_queue_admits_the_visitor_with_the_fewest_slots() -> None:
    """A slot goes to the waiting visitor with the fewest running calls; among equals to the one who came first."""
    queue = FairQueue(max_concurrent=3, per_visitor=4, max_pending=99)
    backlog = [Call(queue, "pile") for _ in range(4)]
    await settle()
    pair, single = [Call(queue, "pair") for _ in range(2)], Call(queue, "single")
    await settle()
    assert [call.positions[-1][0] for call in (*pair, single, backlog[3])] == [0, 2, 1, 3]
    for ends, next_ in zip([*backlog[:3], pair[0]], [pair[0], single, backlog[3], pair[1]], strict=True):
        ends.end.set()
        await settle()
        assert next_.state == "running"
    for call in (pair[1], single, backlog[3]):
        call.end.set()
    await settle()
    assert is_empty(queue)


async def test_fair_queue_lets_a_single_call_pass_a_backlog() -> None:
    """After one of ten calls of a visitor, another visitor's single call runs; the ten keep their order."""
    queue = FairQueue(1, 99, 99)
    backlog = [Call(queue, "pile") for _ in range(10)]
    await settle()
    single = Call(queue, "single")
    order = []
    await settle()
    assert single.positions == [(0, None)]
    for _ in range(11):
        (running,) = list_in_state([*backlog, single], "running")
        order.append(running)
        running.end.set()
        await settle()
    assert order == [backlog[0], single, *backlog[1:]]


# ── Positions and waits ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_fair_queue_reports_each_change_of_position() -> None:
    """At the start, and when the number of calls before it changes; not otherwise."""
    queue = FairQueue(1, 9, 9)
    running, leaver, last = (Call(queue, "a") for _ in range(3))
    await settle()
    assert (running.positions, leaver.positions, last.positions) == ([], [(0, None)], [(1, None)])
    other = Call(queue, "b")  # comes first: "a" has one at work
    await settle()
    assert other.positions == [(0, None)]
    assert (leaver.positions, last.positions) == ([(0, None), (1, None)], [(1, None), (2, None)])
    leaver.task.cancel()
    await settle()
    assert [before for before, _ in last.positions] == [1, 2, 1]


@pytest.mark.parametrize("max_concurrent", [1, 2, 3])
async def test_fair_queue_estimates_the_wait(max_concurrent: int) -> None:
    """If calls keep their duration, a slot comes no later than the first estimate, and not much sooner."""
    clock = ManualClock(0.0)
    queue = FairQueue(max_concurrent, 99, 99, clock=clock)
    calls = [Call(queue, f"v{n}") for n in range(max_concurrent)]
    for _ in range(6):
        await settle()
        late = [Call(queue, f"late {n}") for n in range(5)]
        told_at = clock.now
        await settle()
        while list_in_state(late, "waiting"):
            clock.now += 2.5
            for call in list_in_state(calls, "running") + list_in_state(late, "running"):
                call.end.set()
            await settle()
            for call in list_in_state(late, "running"):
                if call.positions[0][1] is not None:
                    waited = clock.now - told_at
                    assert waited <= call.positions[0][1] < waited + 1 + 2.5
        calls = list_in_state(late, "running")


async def test_fair_queue_rejects_at_once_when_full() -> None:
    """Beyond the limit of a visitor or of all: an error with the number of calls before, and the estimated seconds."""
    clock = ManualClock(0.0)
    queue = FairQueue(2, 3, 7, clock=clock)
    calls = [Call(queue, visitor) for visitor in "aaabbbc"]
    await settle()
    assert [call.state for call in calls].count("running") == 2

    async def refused(visitor: str) -> dict[str, Any]:
        call = Call(queue, visitor)
        await call.task
        assert call.rejection is not None
        return {"slug": call.rejection.slug, **call.rejection.facts}

    assert await refused("d") == {"slug": "crowded", "waiting": 5, "seconds": None}
    assert await refused("a") == {"slug": "crowded_visitor", "waiting": 3, "seconds": None}
    clock.now = 4.0
    calls[0].end.set()
    await settle()
    calls.append(Call(queue, "e"))
    await settle()
    assert await refused("d") == {"slug": "crowded", "waiting": 5, "seconds": 12}  # three rounds of two
    assert await refused("b") == {"slug": "crowded_visitor", "waiting": 3, "seconds": 4}  # its first is at work


@pytest.mark.parametrize("max_concurrent", [1, 2])
async def test_fair_queue_estimates_from_a_visitors_first_call(max_concurrent: int) -> None:
    """A visitor at the limit may come again when a call has ended, not only when it gets its slot."""
    clock = ManualClock(0.0)
    queue = FairQueue(max_concurrent, 2, 99, clock=clock)
    first = Call(queue, "a")
    await settle()
    clock.now = 3.0
    first.end.set()
    await settle()
    calls = [Call(queue, visitor) for visitor in (*"x" * max_concurrent, *"bb")]
    await settle()
    assert [call.state for call in calls] == [*["running"] * max_concurrent, "waiting", "waiting"]
    late = Call(queue, "b")
    await late.task
    assert late.rejection is not None
    assert late.rejection.facts == {"waiting": 2, "seconds": 6}


async def test_fair_queue_adapts_its_estimate_to_the_load() -> None:
    """The estimate follows the durations of the latest calls."""
    clock = ManualClock(0.0)
    queue = FairQueue(1, 9, 9, clock=clock)

    async def lasting(seconds: float) -> int | None:
        running, late = Call(queue, "a"), Call(queue, "b")
        await settle()
        clock.now += seconds
        for call in (running, late):
            call.end.set()
        await settle()
        return late.positions[0][1]

    for seconds in [1.0] * 20:
        await lasting(seconds)
    quick = await lasting(9.0)
    slow = [await lasting(9.0) for _ in range(40)][-1]
    again = [await lasting(1.0) for _ in range(80)][-1]
    assert quick is not None
    assert slow is not None
    assert again is not None
    assert quick <= again < slow
