"""The picture store: tokens that nobody can guess, a time to live, a size limit."""

import asyncio
import sys

import pytest
from support.clock import ManualClock

from meitu_demo.runtime import picture_store
from meitu_demo.runtime.picture_store import PictureStore


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The store's time, which the test sets."""
    clock = ManualClock()
    monkeypatch.setattr(picture_store, "time", clock)
    return clock


def test_picture_store_returns_a_picture_by_its_token() -> None:
    """Equal pictures get different tokens, too long to be guessed; no other token finds one."""
    store = PictureStore(60)
    first, second = store.put(b"face"), store.put(b"face")
    assert first != second
    assert min(len(first), len(second)) >= 32
    assert store.get(first) == store.get(second) == b"face"
    assert store.get(first[:-1]) is None


def test_picture_store_expires_a_picture_at_its_deadline(clock: ManualClock) -> None:
    """Not a moment earlier."""
    store = PictureStore(60)
    token = store.put(b"face")
    clock.now += 59.9
    assert store.get(token) == b"face"
    clock.now += 0.1
    assert store.get(token) is None


def test_picture_store_evicts_the_oldest_above_its_size_limit() -> None:
    """And only as many as it must."""
    store = PictureStore(60, max_bytes=10)
    tokens = [store.put(bytes([n]) * 4) for n in range(3)]
    assert [store.get(token) for token in tokens] == [None, b"\1" * 4, b"\2" * 4]


def test_picture_store_evicts_from_the_address_that_stores_most() -> None:
    """However many sessions it has; another address keeps its pictures, which are older."""
    store = PictureStore(60, max_bytes=100)
    for owner in ("alice", *(f"session {n}" for n in range(50))):
        store.set_address(owner, "192.0.2.1" if owner == "alice" else "192.0.2.9")
    kept = [store.put(b"a" * 20, "alice") for _ in range(2)]
    flood = [store.put(b"f" * 20, f"session {n}") for n in range(50)]
    assert [store.get(token) for token in kept] == [b"a" * 20] * 2
    assert [store.get(token) for token in flood] == [None] * 47 + [b"f" * 20] * 3


def test_picture_store_drops_a_picture_above_its_size_limit() -> None:
    """The next picture is stored as ever."""
    store = PictureStore(60, max_bytes=10)
    large = store.put(b"x" * 11)
    assert store.get(large) is None
    small = store.put(b"y")
    assert store.get(small) == b"y"


def test_picture_store_counts_its_bytes_right_after_expiry(clock: ManualClock) -> None:
    """After many pictures over a long time, as many fit as at first."""
    store = PictureStore(60, max_bytes=100)
    for _ in range(50):
        store.put(b"x" * 30)
        clock.now += 25
    tokens = [store.put(b"y" * 30) for _ in range(3)]
    assert [store.get(token) for token in tokens] == [b"y" * 30] * 3


async def test_picture_store_frees_expired_pictures_by_a_timer() -> None:
    """Without any access their bytes leave the memory in time, one picture after the other."""
    store, pictures = PictureStore(0.05), [bytes(1000), bytes(2000)]
    references = [sys.getrefcount(picture) for picture in pictures]
    for picture in pictures:
        store.put(picture)
        await asyncio.sleep(0.03)
    del picture
    for _ in range(1000):
        if [sys.getrefcount(picture) for picture in pictures] == references:
            break
        await asyncio.sleep(0.01)
    assert [sys.getrefcount(picture) for picture in pictures] == references
    assert store.count("") == 0
