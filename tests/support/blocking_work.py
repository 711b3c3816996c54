"""A blocking function that runs until the test opens its gate; for tests of concurrency limits."""

import asyncio
import threading
from typing import TypeVar

Given = TypeVar("Given")


class Held:
    """A blocking function that gives back what it was given, after `gate` is set, and counts the threads in it."""

    def __init__(self) -> None:
        self.running, self.most, self.begun = 0, 0, 0
        self.gate = threading.Event()
        self._lock = threading.Lock()
        self._beginnings = threading.Semaphore(0)

    def __call__(self, given: Given, *_: object) -> Given:
        with self._lock:
            self.running += 1
            self.begun += 1
            self.most = max(self.most, self.running)
        self._beginnings.release()
        assert self.gate.wait(60)
        with self._lock:
            self.running -= 1
        return given

    async def begins(self, times: int) -> None:
        """Wait for so many more to begin."""
        for _ in range(times):
            assert await asyncio.to_thread(self._beginnings.acquire, timeout=60)
