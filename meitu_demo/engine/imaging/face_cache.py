"""A cache of detection results that is empty unless a call is running.

One run analyses the same pixels twice: in the engine, and in the page's comparison of photo and result. Landmarks are
as personal as the photo, so entries exist only while a `scope` is open, are limited in number, and are deleted when
the last scope ends or a user deletes their data. Thread-safe.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value")


class ScopedCache(Generic[Value]):
    """Up to `max_entries` values, keyed by the pixels that they were computed from."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._open_scopes = 0
        self._entries: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Cache values while this block, or another one, runs."""
        with self._lock:
            self._open_scopes += 1
        try:
            yield
        finally:
            with self._lock:
                self._open_scopes -= 1
            if not self._open_scopes:
                self.clear()

    def clear(self) -> None:
        """Delete all values, those that are still being computed included."""
        self._entries = OrderedDict()

    def get_or_compute(self, pixels: NDArray[np.uint8], compute: Callable[[], Value], *key_parts: object) -> Value:
        """Return the cached value for `pixels` and `key_parts`, or that of `compute`. Raises what `compute` raises."""
        entries = self._entries  # read first, so that a value whose computation a `clear` interrupts is dropped
        if not self._open_scopes:
            return compute()
        digest = hashlib.sha256(repr((pixels.shape, key_parts)).encode())
        digest.update(np.ascontiguousarray(pixels).data)
        key = digest.digest()
        if (cached := entries.get(key)) is not None:
            return cached
        value = compute()
        with self._lock:
            entries[key] = value
            while len(entries) > self._max_entries:
                entries.popitem(last=False)
        return value
