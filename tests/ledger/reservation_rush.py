"""``python reservation_rush.py URL THREADS EACH CAP``: threads of one process reserve at once; prints how many succeed.

Waits for a line on its input, so that two of them start together.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from meitu_demo.domain.errors import OverBudget
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.limits import Budgets
from meitu_demo.ledger.store import Intent, Store


def rush(store: Store, threads: int, each: int, budgets: Budgets) -> int:
    """How many of `threads` × `each` reservations were granted."""
    together = Barrier(threads)

    def person(number: int) -> int:
        together.wait(60)
        granted = 0
        for turn in range(each):
            visitor = f"{number % 5:032x}"
            try:
                call = store.reserve(Intent("meitu", "face_fuse", f"{turn:032x}", visitor), budgets)
            except OverBudget:
                continue
            store.mark_sent(call)
            granted += 1
        return granted

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(person, range(threads)))


if __name__ == "__main__":
    url, crowd, times, cap = sys.argv[1], *map(int, sys.argv[2:])
    opened = Store(Database(url, threads=8, timeout_s=30))
    print("ready", flush=True)
    sys.stdin.readline()
    print(rush(opened, crowd, times, Budgets(calls_per_day=cap)))
