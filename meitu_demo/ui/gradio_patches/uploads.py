"""Gives each upload a folder of its own, whose name nobody can guess.

Gradio 6.31.0 stores an upload in a folder that is named after its content. Two visitors with the same photo would share
one file: whoever deletes theirs would delete the other's. And somebody who has a photo and the hash's seed could find
out whether it has been uploaded.
"""

import errno
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from gradio import route_utils

from ...domain.errors import StorageFull
from ...settings import SettingsError

FOLDER_TOKEN_BYTES = 32
ORIGINAL_FILE_NAME = "original.heic"  # in the folder of the JPEG that was made of it for browsers


class IsolatedUpload(route_utils.GradioUploadFile):
    """An upload whose digest, which names its folder, starts with random bytes. Deletes its file if a write fails."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sha.update(secrets.token_bytes(FOLDER_TOKEN_BYTES))

    async def write(self, data: bytes) -> None:
        with self._delete_on_failure():
            await super().write(data)

    async def seek(self, offset: int) -> None:
        """Seek, which flushes the buffer to the file."""
        with self._delete_on_failure():
            await super().seek(offset)

    @contextmanager
    def _delete_on_failure(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            Path(self.file.name).unlink(missing_ok=True)
            raise


def isolate_uploads() -> None:
    """Use `IsolatedUpload` in the whole process."""
    route_utils.GradioUploadFile = IsolatedUpload  # type: ignore[misc]


def draw_upload_folder(uploads_dir: Path) -> Path:
    """A folder for one upload, which does not exist yet. Gradio copies nothing that is in it."""
    return uploads_dir / secrets.token_urlsafe(FOLDER_TOKEN_BYTES)


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Create `folder` with `files`, by name. Blocks. Raises StorageFull; then nothing is left."""
    try:
        folder.mkdir(parents=True)
        for name, data in files.items():
            (folder / name).write_bytes(data)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StorageFull(cause=errno.errorcode.get(error.errno or 0, type(error).__name__)) from None


def check_upload_dir(folder: Path) -> None:
    """Check at startup that uploads can be written into `folder`, which is created. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"GRADIO_TEMP_DIR: uploads cannot be kept there while they are used ({reason})") from None


def delete_paths(paths: Iterable[Path]) -> None:
    """Delete files, and folders with their content; skip what cannot be deleted. Blocks."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
