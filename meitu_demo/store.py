"""Pictures kept in memory for minutes under names that cannot be guessed. Nothing touches the disk.

The offline server's result links and the page's own pictures both live here. Imports nothing of ours.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from typing import NamedTuple

CAPACITY = 256 * 1024 * 1024  # bytes in all; the oldest go first


class _Held(NamedTuple):
    deadline: float
    owner: str
    data: bytes


class PictureStore:
    """Bytes by unguessable token, forgotten after `life` seconds or when the room is needed. For one event loop.

    They are forgotten in time although nobody asks for any.
    """

    def __init__(self, life: float, capacity: int = CAPACITY) -> None:
        self._life = life
        self._capacity = capacity
        self._size = 0
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, data: bytes, owner: str = "") -> str:
        """Keep `data`, which belongs to `owner`; returns its token."""
        self._size += len(data)
        self._sweep()
        token = secrets.token_urlsafe(24)
        self._held[token] = _Held(time.monotonic() + self._life, owner, data)
        self._wind()
        return token

    def get(self, token: str) -> bytes | None:
        """The bytes, or None when unknown or expired."""
        self._sweep()
        held = self._held.get(token)
        return held.data if held else None

    def of(self, owner: str, token: object) -> bytes | None:
        """The bytes, if they are `owner`'s; None for somebody else's, as for an unknown or expired token."""
        data = self.get(token) if isinstance(token, str) else None
        return data if data is not None and self._held[str(token)].owner == owner else None

    def take(self, token: str) -> bytes | None:
        """The same, for the last time."""
        data = self.get(token)
        self._drop(token)
        return data

    def count(self, owner: str) -> int:
        """How many pictures are kept for `owner`."""
        self._sweep()
        return sum(held.owner == owner for held in self._held.values())

    def forget(self, owner: str) -> None:
        """Keep nothing of `owner`'s."""
        for token in [token for token, held in self._held.items() if held.owner == owner]:
            self._drop(token)

    def _wind(self) -> None:
        """Have the oldest forgotten when its time comes; without a loop there is nobody to do it."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._timer is None and self._held:
            deadline = next(iter(self._held.values())).deadline
            self._timer = loop.call_later(max(0.0, deadline - time.monotonic()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._sweep()
        self._wind()

    def _drop(self, token: str) -> None:
        held = self._held.pop(token, None)
        self._size -= len(held.data) if held else 0

    def _sweep(self) -> None:
        now = time.monotonic()
        while self._held:
            token, held = next(iter(self._held.items()))
            if held.deadline > now and self._size <= self._capacity:
                return
            self._drop(token)
