"""What Gradio keeps by itself of whoever was here, gone in time: uploads that no event named, and its sessions.

Gradio could delete its files on a schedule of its own. That ends for good when a file is added to a list just while it
goes through it, leaves out what broke off on its way in, and never forgets a name. For one event loop.
"""

import time
from datetime import datetime
from pathlib import Path

import anyio
import gradio as gr

from .belongings import remove

SESSIONS = 1000  # of a fifth of a megabyte each; the ones that were used last


class Leftovers:
    """Gradio's lists of files and its sessions. Files live `life` seconds, sessions `idle` from their last use."""

    def __init__(self, blocks: gr.Blocks, uploads: Path, life: float, idle: float) -> None:
        self._blocks = blocks
        self._uploads = uploads.resolve()
        self._life, self._idle = life, idle
        blocks.state_session_capacity = SESSIONS

    async def tend(self) -> None:
        """For as long as the app lives: sweep, often enough that nothing grows much older than it may."""
        while True:
            await anyio.sleep(self._life / 30)
            await self.sweep(self._life, self._idle)

    async def sweep(self, life: float, idle: float) -> None:
        """Delete files that are older than `life` seconds, and sessions that nobody used for `idle`."""
        for listed in self._blocks.temp_file_sets:
            listed.difference_update(await anyio.to_thread.run_sync(self._sweep, list(listed), life))
        await anyio.to_thread.run_sync(self._sweep_broken_off, life)
        self._forget_sessions(idle)

    def _sweep(self, paths: list[str], life: float) -> list[str]:
        """Of these files, those that are gone now."""
        old = [Path(path).resolve() for path in paths if _is_old(Path(path), life)]
        remove(path.parent if path.parent.parent == self._uploads else path for path in old)
        return [path for path in paths if not Path(path).exists()]

    def _sweep_broken_off(self, life: float) -> None:
        """An upload gets a folder when it is complete; until then it lies beside the folders."""
        remove(path for path in self._uploads.glob("tmp*") if path.is_file() and _is_old(path, life))

    def _forget_sessions(self, idle: float) -> None:
        """A session holds a visitor's own keys, which live no longer than this, and a copy of the page's components."""
        held, now = self._blocks.state_holder, datetime.now()
        since = {session: abs((now - used).total_seconds()) for session, used in list(held.time_last_used.items())}
        for session in [session for session, seconds in since.items() if seconds > idle]:
            held.session_data.pop(session, None)
            held.time_last_used.pop(session, None)
        self._forget_messages()

    def _forget_messages(self) -> None:
        """What was to be told to sessions that are gone: Gradio keeps a queue for two thousand, and each one's name."""
        queue = self._blocks._queue
        under_way = {event.session_hash for event in list(queue.event_ids_to_events.values())}
        here = under_way | self._blocks.state_holder.session_data.keys()
        for kept in (queue.pending_messages_per_session, queue.pending_event_ids_session):
            for session in [session for session in list(kept) if session not in here]:
                kept.pop(session, None)


def _is_old(path: Path, life: float) -> bool:
    """Also of a file from the future: the clock was set back, and it must not stay until that has come."""
    try:
        return abs(time.time() - path.stat().st_mtime) > life
    except OSError:
        return False
