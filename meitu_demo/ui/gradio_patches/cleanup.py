"""Deletes what Gradio keeps of visitors: uploads that no event named, partial uploads, and sessions.

Gradio 6.31.0 can delete its files on a schedule (`delete_cache`). That stops for good when a file is added to the set
that it iterates over, leaves out partial uploads, and never forgets a file's name. Sessions it keeps for ever;
`sessions` bounds how many.
"""

import time
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio
import gradio as gr

from ..sweeper import sweep_regularly
from .uploads import delete_paths


class GradioCleanup:
    """Sweeps Gradio's uploads and sessions. For one event loop.

    ttl_s: how long files are kept. max_idle_s: how long a session is kept after its last use.
    """

    def __init__(self, blocks: gr.Blocks, uploads_dir: Path, ttl_s: float, max_idle_s: float) -> None:
        self._blocks = blocks
        self._uploads_dir = uploads_dir.resolve()
        self._ttl_s, self._max_idle_s = ttl_s, max_idle_s

    async def run_sweeper(self) -> None:
        """Delete what has expired, for as long as the app runs."""
        await sweep_regularly(partial(self.delete_expired, self._ttl_s, self._max_idle_s), self._ttl_s)

    async def delete_expired(self, ttl_s: float, max_idle_s: float) -> None:
        """Delete files that are older than `ttl_s`, and sessions that were not used for `max_idle_s`."""
        for tracked_files in self._blocks.temp_file_sets:
            tracked_files.difference_update(
                await anyio.to_thread.run_sync(self._delete_expired_files, list(tracked_files), ttl_s)
            )
        await anyio.to_thread.run_sync(self._delete_partial_uploads, ttl_s)
        self._evict_idle_sessions(max_idle_s)

    def _delete_expired_files(self, paths: list[str], ttl_s: float) -> list[str]:
        """Returns those of `paths` that no longer exist. Blocks."""
        expired = [Path(path).resolve() for path in paths if _is_expired(Path(path), ttl_s)]
        delete_paths(path.parent if path.parent.parent == self._uploads_dir else path for path in expired)
        return [path for path in paths if not Path(path).exists()]

    def _delete_partial_uploads(self, ttl_s: float) -> None:
        """An upload is a file `tmp…` in the uploads' folder until it is complete. Blocks."""
        delete_paths(path for path in self._uploads_dir.glob("tmp*") if path.is_file() and _is_expired(path, ttl_s))

    def _evict_idle_sessions(self, max_idle_s: float) -> None:
        """A session holds the visitor's API keys, which must not live longer."""
        state_holder, now = self._blocks.state_holder, datetime.now()
        for session_state in list(state_holder.session_data.values()):  # Gradio keeps a closed page's keys for an hour
            session_state.STATE_TTL_WHEN_CLOSED = max_idle_s  # type: ignore[assignment]
        idle_s_by_session = {
            session: abs((now - last_used_at).total_seconds())
            for session, last_used_at in list(state_holder.time_last_used.items())
        }
        for session in [session for session, idle_s in idle_s_by_session.items() if idle_s > max_idle_s]:
            state_holder.session_data.pop(session, None)
            state_holder.time_last_used.pop(session, None)
        self._evict_orphaned_messages()

    def _evict_orphaned_messages(self) -> None:
        """Gradio keeps the messages that nobody fetched."""
        queue = self._blocks._queue
        active_sessions = {event.session_hash for event in list(queue.event_ids_to_events.values())}
        live_sessions = active_sessions | self._blocks.state_holder.session_data.keys()
        for entries_by_session in (queue.pending_messages_per_session, queue.pending_event_ids_session):
            for session in [session for session in list(entries_by_session) if session not in live_sessions]:
                entries_by_session.pop(session, None)


def _is_expired(path: Path, ttl_s: float) -> bool:
    """Files from the future, after the clock was set back, expire as well: their time might never come."""
    try:
        return abs(time.time() - path.stat().st_mtime) > ttl_s
    except OSError:
        return False
