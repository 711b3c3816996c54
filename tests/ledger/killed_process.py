"""``python killed_process.py URL KILLS SEED``: processes that make paid calls and are killed at random points.

Every second one kills itself (SIGKILL) at a random line of the ledger or of a transaction's functions in SQLAlchemy;
the others are killed from outside after a random time. One in four dies from its first line on, the others once they
have opened the ledger. The fake vendor's own book is a file that each of them appends to. After each death the ledger
is compared with that book. Prints one line of JSON.
"""

import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from samples import NOON, intent, row, states

from meitu_demo.ledger.database import Database
from meitu_demo.ledger.limits import Budgets
from meitu_demo.ledger.store import Answer, Store

TRACED = ("/meitu_demo/ledger/", "/killed_process.py")  # every line of these files is a point to die at,
TRANSACTION = ("_begin_impl", "_exec_single_context", "_commit_impl", "_rollback_impl")  # and of these functions
COUNTED = ("reserved", "sent", "confirmed", "unknown")
CALLS = 3
LEASE = 90.0


def make_calls(url: str, book: Path, seed: int, opened: Callable[[], None], number: int = CALLS) -> None:
    """What a process does until it is killed: paid calls with random ends. `book` gets a line for each billed one."""
    rng = random.Random(seed)
    store = Store(Database(url), clock=lambda: NOON, lease_s=LEASE)
    store.sweep()
    opened()
    vendor = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for _ in range(number):
        call = store.reserve(intent(), Budgets(calls_per_day=100_000))
        if rng.random() < 0.15:
            store.release(call)
            continue
        store.mark_sent(call, 1000)
        billed = rng.random() < 0.7
        if billed:
            os.write(vendor, f"{call}\n".encode())
        if not billed and rng.random() < 0.5:
            store.mark_refused(call, Answer("20003"))
        elif not billed:
            store.mark_undelivered(call, "dns")
        elif rng.random() < 0.7:
            store.mark_confirmed(call, Answer("0", "id", 1000))
        else:
            store.mark_unknown(call, "read_timeout")


def is_traced(frame: FrameType) -> bool:
    """Whether a process may die on a line of this frame."""
    code = frame.f_code
    return code.co_name in TRANSACTION or any(part in code.co_filename for part in TRACED)


def count_lines(url: str, book: Path) -> tuple[int, int, float]:
    """How many lines a whole run takes, how many of them before the ledger is open, and how many seconds after that."""
    lines = opening = 0
    start = 0.0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        if is_traced(frame):
            lines += event == "line"
            return trace
        return None

    def opened() -> None:
        nonlocal opening, start
        opening, start = lines, time.perf_counter()

    sys.settrace(trace)
    make_calls(url, book, 0, opened)
    sys.settrace(None)
    return lines, opening, time.perf_counter() - start


def die_at(line: int) -> None:
    """Kill this process when `line` more traced lines have begun."""
    left = line

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal left
        if is_traced(frame):
            left -= event == "line"
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return trace
        return None

    sys.settrace(trace)


def run_and_kill(url: str, book: Path, seed: int, *, line: int | None, cold: bool, seconds: float) -> bool:
    """Run one process until its `line`, or for `seconds`. Returns whether it was killed before it ended."""
    ready, say = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(ready)

            def begin() -> None:
                os.write(say, b".")
                if line is not None:
                    die_at(line)

            if cold:
                begin()
            number = CALLS if line is not None else 1000  # a process that is killed after a time does not end before it
            make_calls(url, book, seed, (lambda: None) if cold else begin, number)
            code = 0
        finally:
            os._exit(code)
    os.close(say)
    if line is None and os.read(ready, 1):
        select.select([ready], [], [], seconds)  # until its time is up
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    os.close(ready)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the script itself failed"
    return os.WIFSIGNALED(status)


def check_ledger(url: str, book: Path, now: float, *, sweep: bool) -> Counter[str]:
    """Compare the ledger with the vendor's book. Raises AssertionError. Returns the number of calls in each state."""
    store = Store(Database(url), clock=lambda: now, lease_s=LEASE)
    try:
        before = states(store)
        swept = store.sweep()
        found = states(store)
        if sweep:
            assert set(found.values()).isdisjoint({"reserved", "sent"}), "something is left under way"
        else:
            assert (found, swept.released, swept.unknown) == (before, 0, 0), "a live call was touched"
        billed = book.read_text().split() if book.exists() else []
        for call in billed:
            assert found[call] in ("sent", "confirmed", "unknown"), f"{row(store, call)} was billed"
        used = store.count_calls_today("meitu")
        assert used == sum(state in COUNTED for state in found.values())
        assert used >= len(billed), f"{used} counted, {len(billed)} billed"
        return Counter(found.values())
    finally:
        store.database.close()


def main(url: str, kills: int, seed: int) -> None:
    """Run processes until `kills` were killed, check the ledger after each, and print the counts."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "billed"
        lines, opening, seconds = count_lines(url, book)
        deaths = number = 0
        left: Counter[str] = Counter()
        after = check_ledger(url, book, NOON, sweep=False)
        while deaths < kills:
            number += 1
            before, cold = after, number % 4 == 0
            line = rng.randint(1, lines if cold else lines - opening) if number % 2 == 0 else None
            moment = rng.uniform(0, seconds / 2)  # tracing took the other half
            deaths += run_and_kill(url, book, rng.randrange(2**32), line=line, cold=cold, seconds=moment)
            after = check_ledger(url, book, NOON, sweep=False)
            for state in ("reserved", "sent"):
                left[state] += after[state] - before[state]
                assert 0 <= after[state] - before[state] <= 1, "one process has at most one call under way"
        end = check_ledger(url, book, NOON + LEASE + 1, sweep=True)
        billed = len(book.read_text().split())
        counted = end["confirmed"] + end["unknown"]
        assert billed <= counted <= billed + left["sent"], "at most the calls in flight are counted too much"
        print(json.dumps({"kills": deaths, "left": left, "billed": billed, "counted": counted, "lines": lines}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
