"""The picture store: unguessable, forgetful, bounded."""

import asyncio

import pytest
from support.clock import ManualClock

from meitu_demo.runtime import picture_store as module
from meitu_demo.runtime.picture_store import PictureStore


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The store's time."""
    clock = ManualClock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_what_was_put_is_found_under_its_own_token() -> None:
    """The same bytes put twice lie under two tokens, long enough that nobody guesses one."""
    store = PictureStore(60)
    first, second = store.put(b"face"), store.put(b"face")
    assert first != second
    assert min(len(first), len(second)) >= 32
    assert store.get(first) == store.get(second) == b"face"
    assert store.get(first[:-1]) is None


def test_after_its_life_a_picture_is_gone(clock: ManualClock) -> None:
    """At the deadline it is forgotten, a moment earlier it is there."""
    store = PictureStore(60)
    token = store.put(b"face")
    clock.now += 59.9
    assert store.get(token) == b"face"
    clock.now += 0.1
    assert store.get(token) is None


def test_the_oldest_make_room() -> None:
    """Above its capacity the store forgets from the oldest on, and only as many as it must."""
    store = PictureStore(60, max_bytes=10)
    tokens = [store.put(bytes([n]) * 4) for n in range(3)]
    assert [store.get(token) for token in tokens] == [None, b"\1" * 4, b"\2" * 4]


def test_a_picture_larger_than_the_store_is_not_kept() -> None:
    """It cannot stay, and what comes after it can."""
    store = PictureStore(60, max_bytes=10)
    large = store.put(b"x" * 11)
    assert store.get(large) is None
    small = store.put(b"y")
    assert store.get(small) == b"y"


def test_forgetting_gives_the_room_back(clock: ManualClock) -> None:
    """Many pictures over a long time: the count of bytes stays right."""
    store = PictureStore(60, max_bytes=100)
    for _ in range(50):
        store.put(b"x" * 30)
        clock.now += 25
    kept = [store.put(b"y" * 30) for _ in range(3)]
    assert [store.get(token) for token in kept] == [b"y" * 30] * 3


async def test_nobody_has_to_ask_for_a_picture_to_be_forgotten() -> None:
    """Its bytes leave the memory in time, one picture after the other."""
    store = PictureStore(0.05)
    store.put(b"face")
    await asyncio.sleep(0.03)
    store.put(b"face")
    for _ in range(1000):
        if store._entries:
            await asyncio.sleep(0.01)
    assert not store._entries
    assert store._total_bytes == 0
