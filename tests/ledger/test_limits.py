"""Rate limit of a key: one call after the other across all instances; a wait that is too long is rejected."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from ledger.samples import Clock
from meitu_demo.domain.errors import RateLimited
from meitu_demo.ledger.hashing import hash_key
from meitu_demo.ledger.limits import HOUR_S, RateLimit
from meitu_demo.ledger.store import Store
from meitu_demo.ledger.tables import rates

pytestmark = pytest.mark.xdist_group("ledger")

TRIAL = RateLimit("meitu", "c" * 64, per_second=1, max_wait_s=5)


def test_reserve_slot_spaces_calls(store: Store, clock: Clock) -> None:
    """The first call goes at once, each further one a second later, and passing time shortens the wait."""
    assert [store.reserve_slot(TRIAL) for _ in range(3)] == [0, 1, 2]
    clock.now += 2.5
    assert store.reserve_slot(TRIAL) == pytest.approx(0.5)
    clock.now += 100
    assert store.reserve_slot(TRIAL) == 0


def test_reserve_slot_rejects_long_waits(store: Store, clock: Clock) -> None:
    """A call that would wait too long is told the seconds, and takes no slot."""
    assert [store.reserve_slot(TRIAL) for _ in range(6)] == [0, 1, 2, 3, 4, 5]
    for _ in range(3):
        with pytest.raises(RateLimited) as caught:
            store.reserve_slot(TRIAL)
        assert caught.value.facts == {"vendor": "meitu", "seconds": 6}
    clock.now += 1
    assert store.reserve_slot(TRIAL) == 5


def test_reserve_slot_is_per_key(store: Store) -> None:
    """Another key, with the same or another rate, does not wait for this one."""
    store.reserve_slot(TRIAL)
    assert store.reserve_slot(replace(TRIAL, key_hash="d" * 64)) == 0
    quick = replace(TRIAL, key_hash="e" * 64, per_second=20)
    assert [store.reserve_slot(quick) for _ in range(3)] == pytest.approx([0, 0.05, 0.1])


def test_reserve_slot_forgets_keys_that_are_not_used(store: Store, clock: Clock) -> None:
    """An hour later the table has the keys of that hour only, whoever's they were."""
    for number in range(3):
        store.reserve_slot(replace(TRIAL, key_hash=f"{number:064x}"))
    clock.now += HOUR_S + 2
    store.reserve_slot(TRIAL)
    with store.database.snapshot() as connection:
        assert connection.execute(select(rates.c.key)).scalars().all() == [TRIAL.key_hash]


def test_reserve_slot_survives_a_clock_set_back(store: Store, clock: Clock) -> None:
    """A slot further away than the longest wait is ignored."""
    clock.now += 3600
    store.reserve_slot(TRIAL)
    clock.now -= 3600
    assert [store.reserve_slot(TRIAL) for _ in range(2)] == [0, 1]


def test_reserve_slot_is_shared_by_instances(open_store: Callable[..., Store]) -> None:
    """Twenty threads of two instances get twenty different slots."""
    stores = [open_store(), open_store()]
    wide = replace(TRIAL, max_wait_s=100)
    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(lambda number: stores[number % 2].reserve_slot(wide), range(20)))
    assert sorted(waits) == [float(second) for second in range(20)]


def test_hash_key_hides_the_key() -> None:
    """A key is stored as a keyed hash, which differs for another secret."""
    one, other = (hash_key("KEY0CANARY", bytes([number]) * 32) for number in (1, 2))
    assert one != other
    assert len(one) == 64
    assert "CANARY" not in one
