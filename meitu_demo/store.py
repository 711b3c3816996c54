"""Pictures kept in memory for minutes under names that cannot be guessed. Nothing touches the disk.

The offline server's result links and the page's own pictures both live here. Imports nothing of ours.
"""

import secrets
import time
from collections import OrderedDict

CAPACITY = 256 * 1024 * 1024  # bytes in all; the oldest go first


class PictureStore:
    """Bytes by unguessable token, forgotten after `life` seconds or when the room is needed. For one event loop."""

    def __init__(self, life: float, capacity: int = CAPACITY) -> None:
        self._life = life
        self._capacity = capacity
        self._size = 0
        self._held: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    def put(self, data: bytes) -> str:
        """Keep `data`; returns its token."""
        self._size += len(data)
        self._sweep()
        token = secrets.token_urlsafe(24)
        self._held[token] = (time.monotonic() + self._life, data)
        return token

    def get(self, token: str) -> bytes | None:
        """The bytes, or None when unknown or expired."""
        self._sweep()
        held = self._held.get(token)
        return held[1] if held else None

    def _sweep(self) -> None:
        now = time.monotonic()
        while self._held:
            deadline, data = next(iter(self._held.values()))
            if deadline > now and self._size <= self._capacity:
                return
            self._held.popitem(last=False)
            self._size -= len(data)
