"""What was found in a picture a moment ago: remembered while somebody works on it, and not a moment longer.

In one run the same pixels are looked at twice, by the engine behind the wire and by the page that lays the photo over
the result. What is found in a face is as personal as the face: so nothing is kept unless a block of `at_work` is open,
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

Found = TypeVar("Found")


class Lately(Generic[Found]):
    """Up to `most` answers, by the pixels that they are about."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._blocks = 0
        self._found: OrderedDict[bytes, Found] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Answers are remembered while this block, or another one, runs."""
        with self._lock:
            self._blocks += 1
        try:
            yield
        finally:
            with self._lock:
                self._blocks -= 1
            if not self._blocks:
                self.forget()

    def forget(self) -> None:
        """Hold no answer of before now; nor one that is still being looked for."""
        self._found = OrderedDict()

    def of(self, pixels: NDArray[np.uint8], find: Callable[[], Found], *about: object) -> Found:
        """What `find` gives, or gave for these very `pixels` and this `about`. Raises what it raises."""
        held = self._found  # first: what comes after a `forget` goes with what was held before it
        if not self._blocks:
            return find()
        digest = hashlib.sha256(repr((pixels.shape, about)).encode())
        digest.update(np.ascontiguousarray(pixels).data)
        key = digest.digest()
        if (known := held.get(key)) is not None:
            return known
        found = find()
        with self._lock:
            held[key] = found
            while len(held) > self._most:
                held.popitem(last=False)
        return found
