"""Session data: tracks, counts and deletes everything that the server stores for a session, also when it expires.

Each upload has a separate folder (`gradio_patches.uploads`), which is tracked when an event of the session names it.
Pictures, calls and runs are stored under the session's id. Bound to one event loop.
"""

import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import anyio

from ...calls.single_flight import SingleFlight
from ...engine.imaging import faces
from ...evaluation.sessions import Evaluations
from ...recordings import Recorder
from ...runtime.picture_store import PictureStore
from ..gradio_patches.uploads import delete_paths
from ..history.entries import History
from ..sweeper import sweep_regularly
from .upload_quota import UploadQuota


@dataclass(frozen=True, slots=True)
class Inventory:
    """What is stored for a session: files on disk, pictures in memory, results that live and failure-lab calls share,
    runs in its history and calls of its evaluation, and recordings of its live calls.
    """

    files: int
    pictures: int
    calls: int
    runs: int = 0
    recordings: int = 0

    @property
    def has_data(self) -> bool:
        return bool(self.files or self.pictures or self.calls or self.runs or self.recordings)


class SessionData:
    """Upload folders by session, together with the stores of pictures, calls, runs and recordings.

    Folders that were tracked for longer than `ttl_s` are deleted. Uploads that no event named are deleted by
    `gradio_patches.cleanup`.
    """

    def __init__(
        self,
        uploads_dir: Path,
        pictures: PictureStore,
        single_flight: SingleFlight,
        history: History,
        evaluations: Evaluations,
        ttl_s: float,
        recorder: Recorder | None = None,
    ) -> None:
        self._uploads_dirs = uploads_dir, uploads_dir.resolve()
        self._pictures = pictures
        self._single_flight = single_flight
        self._history = history
        self._evaluations = evaluations
        self._ttl_s = ttl_s
        self._recorder = recorder
        self.upload_quota = UploadQuota()
        self._folders_by_session: defaultdict[str, dict[Path, float]] = defaultdict(dict)

    def track(self, session_id: str, file: Path) -> None:
        """Record that the upload folder of `file` belongs to the session. file: as written, or links resolved."""
        if file.parent.parent in self._uploads_dirs:
            folder = self._uploads_dirs[1] / file.parent.name
            self._folders_by_session[session_id].setdefault(folder, time.monotonic())
            self.upload_quota.claim(folder, session_id)

    async def inventory(self, session_id: str) -> Inventory:
        """Count what is stored now, on disk as well."""
        files = await anyio.to_thread.run_sync(_count_files, list(self._folders_by_session.get(session_id, ())))
        return Inventory(
            files,
            self._pictures.count(session_id),
            self._single_flight.count_calls(session_id),
            self._history.count(session_id) + self._evaluations.count(session_id),
            self._recorder.count(session_id) if self._recorder else 0,
        )

    async def delete(self, session_id: str) -> None:
        """Delete all data of the session. A call that was sent is still completed, but its result is dropped."""
        await self._evaluations.delete(session_id)
        self._single_flight.stop_waiting(session_id)
        self._single_flight.evict(session_id)
        self._pictures.evict(session_id)
        self._history.evict(session_id)
        if self._recorder:
            await self._recorder.delete(session_id)
        faces.clear_face_cache()  # of all sessions, which it does not distinguish; faces can be detected again
        await anyio.to_thread.run_sync(delete_paths, list(self._folders_by_session.get(session_id, ())))

    async def delete_all(self) -> None:
        """Delete the files of all sessions; for shutdown."""
        await anyio.to_thread.run_sync(
            delete_paths, [folder for folders in self._folders_by_session.values() for folder in folders]
        )

    async def run_sweeper(self) -> None:
        """Delete what has expired, for as long as the app runs."""
        await sweep_regularly(self.delete_expired, self._ttl_s)

    async def delete_expired(self) -> None:
        """Delete calls, runs and folders that are older than their time to live."""
        self._single_flight.evict_expired()
        self._history.evict_expired()
        await self._evaluations.delete_expired()
        now = time.monotonic()
        for session_id, folders in list(self._folders_by_session.items()):
            expired = [folder for folder, tracked_at in folders.items() if now - tracked_at > self._ttl_s]
            await anyio.to_thread.run_sync(delete_paths, expired)
            for folder in expired:
                folders.pop(folder, None)
            if not folders:
                self._folders_by_session.pop(session_id, None)


def _count_files(folders: list[Path]) -> int:
    return sum(file.is_file() for folder in folders for file in folder.rglob("*"))
