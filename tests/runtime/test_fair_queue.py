"""Fair queue: never more at once than allowed, nobody passed over, nothing left behind, and honest about the wait."""

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
    """One visitor's call: waits for its slot, runs until it is told to end, and notes what it hears."""

    numbers = itertools.count()

    def __init__(self, queue: FairQueue, visitor: str) -> None:
        self.visitor, self.number = visitor, next(self.numbers)
        self.heard: list[tuple[int, int | None]] = []
        self.state = "new"
        self.crowded: QueueFull | None = None
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(queue))

    async def _run(self, queue: FairQueue) -> None:
        try:
            async with queue.slot(self.visitor, self._hear):
                self.state = "running"
                await self.end.wait()
        except QueueFull as error:
            self.crowded = error
        finally:
            self.state = "gone"

    def _hear(self, before: int, seconds: int | None) -> None:
        self.state = "waiting"
        self.heard.append((before, seconds))


def those(calls: list[Call], state: str) -> list[Call]:
    return [call for call in calls if call.state == state]


def is_empty(queue: FairQueue) -> bool:
    """Whether nothing is kept of anybody."""
    return not queue._pending and not queue._waiters and not queue._running


# ── Whatever happens, in whatever order ─────────────────────────────────────────────────────────────────────────────
STEPS = st.tuples(st.sampled_from(["come", "come", "end", "leave", "settle"]), st.integers(0, 99))


@settings(max_examples=300)
@given(st.lists(STEPS, max_size=60), st.integers(1, 3), st.integers(1, 4), st.integers(2, 9))
def test_fair_queue_holds_its_limits_at_every_step(
    steps: list[tuple[str, int]], at_once: int, each: int, most: int
) -> None:
    """Calls come, end and leave in any order, also several in the same moment: bounds, order and places hold."""

    async def play() -> None:
        queue = FairQueue(at_once, each, most)
        calls: list[Call] = []
        for what, which in [*steps, ("settle", 0)]:
            there = [call for call in calls if call.state != "gone"]
            some = those(calls, "running") if what == "end" else there
            if what == "come":
                calls.append(Call(queue, "abc"[which % 3]))
            elif what == "settle":
                await settle()
                hold(queue, calls)
            elif some:
                call = some[which % len(some)]
                call.end.set() if what == "end" else call.task.cancel()
            assert len(those(calls, "running")) <= at_once
        while waiting := sorted(those(calls, "waiting"), key=lambda call: call.heard[-1]):
            those(calls, "running")[0].end.set()
            await settle()
            assert waiting[0].state == "running"  # who was told that nobody is before them
            hold(queue, calls)
        for call in calls:
            call.end.set()
        await settle()
        assert is_empty(queue)

    def hold(queue: FairQueue, calls: list[Call]) -> None:
        running, waiting = those(calls, "running"), those(calls, "waiting")
        claims = Counter(call.visitor for call in [*running, *waiting])
        assert queue._pending == claims
        assert not waiting or len(running) == at_once  # no wake-up is lost
        assert queue._running == Counter(call.visitor for call in running)
        assert len(running) + len(waiting) <= most
        assert all(count <= each for count in claims.values())
        assert sorted(call.heard[-1][0] for call in waiting) == list(range(len(waiting)))
        for visitor in claims:  # each visitor's calls keep their order
            own = [call for call in waiting if call.visitor == visitor]
            assert [call.heard[-1] for call in own] == sorted(call.heard[-1] for call in own)

    asyncio.run(play())


@given(st.integers(0, 9), st.permutations(["end", "leave"]))
def test_fair_queue_passes_an_abandoned_slot_on(more: int, order: list[str]) -> None:
    """The slot becomes free and the first in line is cancelled in the same moment: the next one has it."""

    async def play() -> None:
        queue = FairQueue(1, 99, 99)
        first, second, *others = [Call(queue, f"v{n}") for n in range(3 + more)]
        await settle()
        for what in order:
            first.end.set() if what == "end" else second.task.cancel()
        await settle()
        assert (first.state, second.state, others[0].state) == ("gone", "gone", "running")
        for call in others:
            call.end.set()
        await asyncio.gather(*(call.task for call in others))
        assert is_empty(queue)

    asyncio.run(play())


# ── Fairness ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("visitors", "rounds"), [(2, 50), (7, 50), (20, 50)])
async def test_fair_queue_serves_visitors_equally(visitors: int, rounds: int, figure: Callable[[str], None]) -> None:
    """Visitors who always want a slot have had the same number of slots at every moment, give or take one."""
    queue = FairQueue(max_concurrent=2, per_visitor=3, max_pending=1000)
    draw = random.Random(visitors)
    served: Counter[str] = Counter({f"v{n}": 0 for n in range(visitors)})
    widest = 0

    async def wants(visitor: str) -> None:
        nonlocal widest
        while served[visitor] < rounds:
            async with queue.slot(visitor):
                served[visitor] += 1
                widest = max(widest, max(served.values()) - min(served.values()))
                for _ in range(draw.randrange(6)):
                    await asyncio.sleep(0)

    doors = [Call(queue, f"door {n}") for n in range(2)]
    await settle()
    crowd = [asyncio.create_task(wants(visitor)) for visitor in served for _ in range(3)]
    await settle()  # all stand in line
    for door in doors:
        door.end.set()
    await asyncio.gather(*crowd)
    assert widest <= 1
    assert is_empty(queue)
    figure(f"fair: {visitors} visitors × {rounds} slots, shares differ by at most {widest}")


async def test_fair_queue_admits_the_visitor_with_the_fewest_slots() -> None:
    """A further slot is given to nobody while somebody who waits has fewer; then to whoever came first."""
    queue = FairQueue(max_concurrent=3, per_visitor=4, max_pending=99)
    pile = [Call(queue, "pile") for _ in range(4)]
    await settle()
    pair, single = [Call(queue, "pair") for _ in range(2)], Call(queue, "single")
    await settle()
    assert [call.heard[-1][0] for call in (*pair, single, pile[3])] == [0, 2, 1, 3]
    for ends, next_ in zip([*pile[:3], pair[0]], [pair[0], single, pile[3], pair[1]], strict=True):
        ends.end.set()
        await settle()
        assert next_.state == "running"
    for call in (pair[1], single, pile[3]):
        call.end.set()
    await settle()
    assert is_empty(queue)


async def test_fair_queue_lets_a_single_call_pass_a_backlog() -> None:
    """Whoever has ten in line keeps what is at work, then the next visitor gets one; the pile's own order stays."""
    queue = FairQueue(1, 99, 99)
    pile = [Call(queue, "pile") for _ in range(10)]
    await settle()
    single = Call(queue, "single")
    order = []
    await settle()
    assert single.heard == [(0, None)]
    for _ in range(11):
        (running,) = those([*pile, single], "running")
        order.append(running)
        running.end.set()
        await settle()
    assert order == [pile[0], single, *pile[1:]]


# ── What is said ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_fair_queue_reports_each_change_of_position() -> None:
    """At the start and whenever fewer, or more, come before; not otherwise."""
    queue = FairQueue(1, 9, 9)
    running, leaver, last = (Call(queue, "a") for _ in range(3))
    await settle()
    assert (running.heard, leaver.heard, last.heard) == ([], [(0, None)], [(1, None)])
    other = Call(queue, "b")  # comes first: "a" has one at work
    await settle()
    assert other.heard == [(0, None)]
    assert (leaver.heard, last.heard) == ([(0, None), (1, None)], [(1, None), (2, None)])
    leaver.task.cancel()
    await settle()
    assert [before for before, _ in last.heard] == [1, 2, 1]


@pytest.mark.parametrize("at_once", [1, 2, 3])
async def test_fair_queue_estimates_the_wait(at_once: int) -> None:
    """When every call takes as long as the last ones did, nobody's slot comes later than was said, nor much sooner."""
    clock = ManualClock(0.0)
    queue = FairQueue(at_once, 99, 99, clock=clock)
    calls = [Call(queue, f"v{n}") for n in range(at_once)]
    for _ in range(6):
        await settle()
        late = [Call(queue, f"late {n}") for n in range(5)]
        told_at = clock.now
        await settle()
        while those(late, "waiting"):
            clock.now += 2.5
            for call in those(calls, "running") + those(late, "running"):
                call.end.set()
            await settle()
            for call in those(late, "running"):
                if call.heard[0][1] is not None:
                    waited = clock.now - told_at
                    assert waited <= call.heard[0][1] < waited + 1 + 2.5
        calls = those(late, "running")


async def test_fair_queue_rejects_at_once_when_full() -> None:
    """Beyond a visitor's share, and beyond all places: an error with how many come before and about how long."""
    clock = ManualClock(0.0)
    queue = FairQueue(2, 3, 7, clock=clock)
    calls = [Call(queue, visitor) for visitor in "aaabbbc"]
    await settle()
    assert [call.state for call in calls].count("running") == 2

    async def refused(visitor: str) -> dict[str, Any]:
        call = Call(queue, visitor)
        await call.task
        assert call.crowded is not None
        return {"slug": call.crowded.slug, **call.crowded.facts}

    assert await refused("d") == {"slug": "crowded", "waiting": 5, "seconds": None}
    assert await refused("a") == {"slug": "crowded_visitor", "waiting": 3, "seconds": None}
    clock.now = 4.0
    calls[0].end.set()
    await settle()
    calls.append(Call(queue, "e"))
    await settle()
    assert await refused("d") == {"slug": "crowded", "waiting": 5, "seconds": 12}  # three rounds of two
    assert await refused("b") == {"slug": "crowded_visitor", "waiting": 3, "seconds": 4}  # its first is at work


@pytest.mark.parametrize("at_once", [1, 2])
async def test_fair_queue_estimates_from_a_visitors_first_call(at_once: int) -> None:
    """Not only the wait for its slot: a visitor's place becomes free when a call of theirs has ended."""
    clock = ManualClock(0.0)
    queue = FairQueue(at_once, 2, 99, clock=clock)
    first = Call(queue, "a")
    await settle()
    clock.now = 3.0
    first.end.set()
    await settle()
    calls = [Call(queue, visitor) for visitor in (*"x" * at_once, *"bb")]
    await settle()
    assert [call.state for call in calls] == [*["running"] * at_once, "waiting", "waiting"]
    late = Call(queue, "b")
    await late.task
    assert late.crowded is not None
    assert late.crowded.facts == {"waiting": 2, "seconds": 6}


async def test_fair_queue_adapts_its_estimate_to_the_load() -> None:
    """The average follows what calls take lately."""
    clock = ManualClock(0.0)
    queue = FairQueue(1, 9, 9, clock=clock)

    async def lasting(seconds: float) -> int | None:
        body, late = Call(queue, "a"), Call(queue, "b")
        await settle()
        clock.now += seconds
        for call in (body, late):
            call.end.set()
        await settle()
        return late.heard[0][1]

    for seconds in [1.0] * 20:
        await lasting(seconds)
    quick = await lasting(9.0)
    slow = [await lasting(9.0) for _ in range(40)][-1]
    again = [await lasting(1.0) for _ in range(80)][-1]
    assert quick is not None
    assert slow is not None
    assert again is not None
    assert quick <= again < slow
