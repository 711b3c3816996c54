"""What was found in a picture a moment ago: remembered while somebody works on it, and not a moment longer.

In one run the same pixels are looked at twice, by the engine behind the wire and by the page that lays the photo over
the result. What is found in a face is as personal as the face: so nothing is kept unless a block of `scope` is open,
no more than a few answers, none when the last block ends, and none when somebody wants theirs forgotten. For threads.
Imports nothing of ours.
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
    """Up to `most` answers, by the pixels that they are about."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._open_scopes = 0
        self._entries: OrderedDict[bytes, Value] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Answers are remembered while this block, or another one, runs."""
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
        """Hold no answer of before now; nor one that is still being looked for."""
        self._entries = OrderedDict()

    def get_or_compute(self, pixels: NDArray[np.uint8], compute: Callable[[], Value], *key_parts: object) -> Value:
        """What `find` gives, or gave for these very `pixels` and this `about`. Raises what it raises."""
        entries = self._entries  # first: what comes after a `clear` goes with what was held before it
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
