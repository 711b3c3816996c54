"""A temporary folder for each instance of the demo: made at its start, removed at its end, shared with nobody.

An instance holds a lock on its folder for as long as it lives. So the next one can tell what a killed instance has left
behind, and deletes that and nothing else.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from ..settings import SettingsError

PREFIX = "portrait-apis-"


class InstanceFolder:
    """A new folder at `path`, below `parent`, for this user alone. Raises SettingsError if it cannot be made."""

    def __init__(self, parent: Path) -> None:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._lock: int | None = None
            while self._lock is None:  # None: another instance that starts now took it for abandoned
                self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
                self._lock = _lock_folder(self.path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SettingsError(
                f"GRADIO_TEMP_DIR: uploads cannot be kept there while they are used ({reason})"
            ) from None
        atexit.register(self.delete)

    def delete(self) -> None:
        """Delete the folder with all that is in it. May be called again."""
        shutil.rmtree(self.path, ignore_errors=True)


def delete_abandoned_folders(parent: Path) -> None:
    """Delete the folders of instances that were killed."""
    for folder in parent.glob(f"{PREFIX}*"):
        lock = _lock_folder(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _lock_folder(folder: Path) -> int | None:
    """Lock a folder until the returned descriptor is closed; None if it is no folder of ours, or locked already."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = os.fstat(descriptor).st_uid == os.geteuid()
            if is_ours and folder.stat().st_ino == os.fstat(descriptor).st_ino:  # not deleted meanwhile
                return descriptor
        os.close(descriptor)
    return None
