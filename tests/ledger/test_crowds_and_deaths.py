"""Caps hold under concurrency, in one process and in two, and a killed process never makes the ledger undercount."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

import meitu_demo
from ledger.reservation_rush import rush
from ledger.samples import intent, states
from meitu_demo.domain.errors import OverBudget
from meitu_demo.ledger.async_ledger import Ledger
from meitu_demo.ledger.limits import Budgets
from meitu_demo.ledger.store import Store

pytestmark = pytest.mark.xdist_group("ledger")

HERE = Path(__file__).parent
PROJECT = Path(meitu_demo.__path__[0]).parent
ENVIRON = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (PROJECT, HERE.parent, HERE)))}


def test_daily_cap_holds_for_fifty_threads(store: Store) -> None:
    """150 attempts by 50 threads at once against a cap of 100: exactly 100 are granted."""
    assert rush(store, threads=50, each=3, budgets=Budgets(calls_per_day=100)) == 100
    assert store.count_calls_today("meitu") == 100


def test_hourly_cap_holds_for_twenty_threads(store: Store) -> None:
    """20 threads of five visitors against a cap of 3 an hour: 15 are granted."""
    assert rush(store, threads=20, each=1, budgets=Budgets(calls_per_hour=3)) == 15


async def test_daily_cap_holds_for_fifty_tasks(store: Store) -> None:
    """The same on the event loop: 100 of 150 are granted, and every one is settled."""
    ledger = Ledger(store, Budgets(calls_per_day=100))
    refused = 0

    async def person() -> None:
        nonlocal refused
        for _ in range(3):
            try:
                async with ledger.reserve(intent()) as call:
                    await call.mark_sent(1)
                    await call.mark_confirmed(None, 0)
            except OverBudget:
                refused += 1

    async with anyio.create_task_group() as people:
        for _ in range(50):
            people.start_soon(person)
    assert refused == 50
    assert sorted(set(states(store).values())) == ["confirmed"]
    assert len(states(store)) == 100


def test_daily_cap_holds_for_two_processes(url: str, open_store: Callable[..., Store]) -> None:
    """Two processes of 25 threads on a database that does not exist yet: together exactly 100 of 150."""
    command = [sys.executable, str(HERE / "reservation_rush.py"), url, "25", "3", "100"]
    two = [
        subprocess.Popen(command, env=ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [process.stdout.readline() for process in two if process.stdout] == ["ready\n"] * 2
    for process in two:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    granted = [int(process.communicate(timeout=90)[0]) for process in two]
    assert [process.returncode for process in two] == [0, 0]
    assert sum(granted) == 100
    assert min(granted) > 0
    assert set(states(open_store()).values()) == {"sent"}


@pytest.mark.chaos
def test_killed_processes_never_undercount(
    url: str, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """What the vendor billed is counted, whenever the process dies; no live call is settled by the next process."""
    kills = rounds(200)
    command = [sys.executable, str(HERE / "killed_process.py"), url, str(kills), str(kills)]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["kills"] == kills
    assert found["billed"] > 0
    counts = ", ".join(f"{name} {count}" for name, count in found.items())
    figure(f"kills, {url.partition(':')[0]}: the ledger never under-counts ({counts})")
