"""Picture store: images in memory by unguessable token, with a time to live and a size limit; never on disk.

Holds the offline server's result links and the page's pictures.
"""

import asyncio
import secrets
import time
from collections import Counter, OrderedDict
from typing import NamedTuple

MAX_STORED_BYTES = 256 * 1024 * 1024  # of all pictures
MAX_KNOWN_OWNERS = 5000  # whose address is remembered


class _Entry(NamedTuple):
    deadline: float
    owner: str
    address: str
    data: bytes


class PictureStore:
    """Bytes by token. A timer evicts each picture after `ttl_s`. For one event loop.

    Above `max_bytes` the oldest pictures of the address that stores most are evicted, so that one address, with however
    many sessions, does not push out the pictures of others.
    """

    def __init__(self, ttl_s: float, max_bytes: int = MAX_STORED_BYTES) -> None:
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._total_bytes = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._addresses: OrderedDict[str, str] = OrderedDict()  # by owner
        self._timer: asyncio.TimerHandle | None = None

    def set_address(self, owner: str, address: str) -> None:
        """Count the pictures that `owner` stores from now on as the address's."""
        self._addresses[owner] = address
        self._addresses.move_to_end(owner)
        if len(self._addresses) > MAX_KNOWN_OWNERS:
            self._addresses.popitem(last=False)

    def put(self, data: bytes, owner: str = "") -> str:
        """Store `data` of `owner`; returns its token."""
        self._total_bytes += len(data)
        self._evict_expired()
        token = secrets.token_urlsafe(24)
        address = self._addresses.get(owner, owner)
        self._entries[token] = _Entry(time.monotonic() + self._ttl_s, owner, address, data)
        self._evict_excess()
        self._schedule_expiry()
        return token

    def get(self, token: str) -> bytes | None:
        """The bytes, or None if the token is unknown or expired."""
        self._evict_expired()
        entry = self._entries.get(token)
        return entry.data if entry else None

    def get_owned(self, owner: str, token: object) -> bytes | None:
        """The bytes, or None if the token is unknown, expired or another owner's."""
        data = self.get(token) if isinstance(token, str) else None
        return data if data is not None and self._entries[str(token)].owner == owner else None

    def pop(self, token: str) -> bytes | None:
        """Remove and return the bytes; None if the token is unknown or expired."""
        data = self.get(token)
        self._remove(token)
        return data

    def count(self, owner: str) -> int:
        """The number of pictures of `owner`."""
        self._evict_expired()
        return sum(entry.owner == owner for entry in self._entries.values())

    def evict(self, owner: str) -> None:
        """Remove all pictures of `owner`."""
        for token in [token for token, entry in self._entries.items() if entry.owner == owner]:
            self._remove(token)

    def _schedule_expiry(self) -> None:
        """Set a timer for the oldest picture; without an event loop, only access evicts."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self._timer is None and self._entries:
            deadline = next(iter(self._entries.values())).deadline
            self._timer = loop.call_later(max(0.0, deadline - time.monotonic()), self._expire)

    def _expire(self) -> None:
        self._timer = None
        self._evict_expired()
        self._schedule_expiry()

    def _remove(self, token: str) -> None:
        entry = self._entries.pop(token, None)
        self._total_bytes -= len(entry.data) if entry else 0

    def _evict_expired(self) -> None:
        now = time.monotonic()
        while self._entries:
            token, entry = next(iter(self._entries.items()))
            if entry.deadline > now:
                return
            self._remove(token)

    def _evict_excess(self) -> None:
        if self._total_bytes <= self._max_bytes:
            return
        stored_bytes: Counter[str] = Counter()
        for entry in self._entries.values():
            stored_bytes[entry.address] += len(entry.data)
        while self._total_bytes > self._max_bytes and self._entries:
            address = stored_bytes.most_common(1)[0][0]
            token = next(token for token, entry in self._entries.items() if entry.address == address)
            stored_bytes[address] -= len(self._entries[token].data)
            self._remove(token)
