"""Who stands before the mirror: a few at a time, each with one frame under way. For one event loop.

A seat is a name that the page drew for this start of its mirror, and when its last frame came; nothing of a frame.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

MAX_MIRRORS = 2  # mirrors at a time: at one frame in work, each keeps half of its frames a second
MAX_IDLE_S = 4.0  # a mirror that sends nothing for so long has been left


class AllSlotsTaken(Exception):
    """Somebody else is at each of the mirrors."""


class FrameInProgress(Exception):
    """A frame of this mirror is under way: this one is dropped."""


@dataclass(slots=True)
class _Slot:
    last_frame_at: float
    is_busy: bool = False


class MirrorSlots:
    """At most `most` names at a time; one that was idle for `idle` seconds makes room."""

    def __init__(
        self,
        max_mirrors: int = MAX_MIRRORS,
        max_idle_s: float = MAX_IDLE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_mirrors, self._max_idle_s, self._clock = max_mirrors, max_idle_s, clock
        self._slots: dict[str, _Slot] = {}

    @contextmanager
    def claim_frame(self, mirror_id: str) -> Iterator[None]:
        """One frame of `name`'s, under way while the block runs. Raises Taken or Already, at once."""
        self._evict_idle()
        if mirror_id not in self._slots and len(self._slots) >= self._max_mirrors:
            raise AllSlotsTaken
        slot = self._slots.setdefault(mirror_id, _Slot(self._clock()))
        if slot.is_busy:
            raise FrameInProgress
        slot.is_busy = True
        try:
            yield
        finally:
            slot.is_busy, slot.last_frame_at = False, self._clock()

    def release(self, mirror_id: str) -> None:
        """`name` goes; its place is free at once."""
        self._slots.pop(mirror_id, None)

    def __len__(self) -> int:
        self._evict_idle()
        return len(self._slots)

    def _evict_idle(self) -> None:
        now = self._clock()
        for mirror_id, slot in list(self._slots.items()):
            if not slot.is_busy and now - slot.last_frame_at > self._max_idle_s:
                del self._slots[mirror_id]
