"""What a session owns on this server, so that it can be deleted, and looked for afterwards.

Uploads lie in folders of their own under names that nobody can guess; a session's are known from the events that name
them. Pictures, calls and runs are kept under the session's name. For one event loop.
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio

from ...desk import SingleFlight
from ...imaging import faces
from ...store import PictureStore
from ..history.entries import History


@dataclass(frozen=True, slots=True)
class Left:
    """How much there is of a session: files on disk, pictures in memory, results of paid calls, runs in its history."""

    files: int
    pictures: int
    calls: int
    runs: int = 0

    @property
    def anything(self) -> bool:
        """Whether something is there."""
        return bool(self.files or self.pictures or self.calls or self.runs)


class Belongings:
    """The folders of each session's uploads, with the pictures, calls and runs that are kept for it.

    Folders that are older than `life` seconds are deleted by `sweep`, at the latest; see also `leftovers`.
    """

    def __init__(
        self, uploads: Path, pictures: PictureStore, desk: SingleFlight, history: History, life: float
    ) -> None:
        self._uploads = uploads
        self._pictures = pictures
        self._desk = desk
        self._history = history
        self._life = life
        self._folders: defaultdict[str, dict[Path, float]] = defaultdict(dict)

    def clear_leftovers(self) -> None:
        """What a process left that was killed, once it is old. Blocks; for the start, before anything is there."""
        now = time.time()
        remove([path for path in self._uploads.glob("*") if abs(now - path.stat().st_mtime) > self._life])

    def note(self, session: str, file: Path) -> None:
        """`file` is the session's; the folder that it lies in holds nothing else."""
        folder = file.parent.resolve()
        if folder.parent == self._uploads.resolve():
            self._folders[session].setdefault(folder, time.monotonic())

    async def look(self, session: str) -> Left:
        """What is there now, by looking."""
        files = await anyio.to_thread.run_sync(_count, list(self._folders.get(session, ())))
        return Left(files, self._pictures.count(session), self._desk.count_calls(session), self._history.count(session))

    async def delete(self, session: str) -> None:
        """All of it. A call that was sent goes on to its end at the vendor; its result is not kept."""
        self._desk.stop_waiting(session)
        self._desk.evict(session)
        self._pictures.evict(session)
        self._history.forget(session)
        faces.clear_face_cache()  # everybody's: whose they are is not known there, and they are found again
        await anyio.to_thread.run_sync(remove, list(self._folders.get(session, ())))

    async def delete_all(self) -> None:
        """Every session's files, when the app stops."""
        await anyio.to_thread.run_sync(remove, [folder for folders in self._folders.values() for folder in folders])

    async def tend(self) -> None:
        """For as long as the app lives: sweep, often enough that nothing grows much older than it may."""
        while True:
            await anyio.sleep(self._life / 30)
            await self.sweep()

    async def sweep(self) -> None:
        """Delete what has been here for long enough."""
        self._desk.evict_expired()
        self._history.sweep()
        now = time.monotonic()
        for session, folders in list(self._folders.items()):
            old = [folder for folder, since in folders.items() if now - since > self._life]
            await anyio.to_thread.run_sync(remove, old)
            for folder in old:
                folders.pop(folder, None)
            if not folders:
                self._folders.pop(session, None)


def _count(folders: list[Path]) -> int:
    return sum(file.is_file() for folder in folders for file in folder.rglob("*"))


def remove(paths: Iterable[Path]) -> None:
    """Folders with all that is in them, and files; whatever cannot be removed stays. Blocks."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
