"""Each file that comes in gets a folder of its own, whose name nobody can guess. Only `ui/` may import it.

Gradio stores an upload in a folder named after its content. Two visitors with the same photo would share one file
then, and whoever deletes theirs would delete the other's; and who has a photo and the seed could tell whether somebody
else has uploaded it.
"""

import errno
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gradio import route_utils
from gradio.utils import get_upload_folder

from ...domain.errors import StorageFull
from ...settings import SettingsError

FOLDER_TOKEN_BYTES = 32


class IsolatedUpload(route_utils.GradioUploadFile):
    """An upload whose digest, which names its folder, begins with bytes that were drawn for it alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sha.update(secrets.token_bytes(FOLDER_TOKEN_BYTES))

    async def write(self, data: bytes) -> None:
        """As Starlette's; half a photo for which there is no room does not stay behind."""
        with self._delete_on_failure():
            await super().write(data)

    async def seek(self, offset: int) -> None:
        """As Starlette's, which writes what is in the buffer."""
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
    """From now on, in this whole process, no two uploads share a folder."""
    route_utils.GradioUploadFile = IsolatedUpload  # type: ignore[misc]


def write_upload(name: str, data: bytes, extra_files: Mapping[str, bytes] = MappingProxyType({})) -> str:
    """Path of a file for one visitor, among the uploads: what lies there already, Gradio does not copy.

    beside: other files in its folder, by name. Raises NoRoom.
    """
    folder = Path(get_upload_folder()) / secrets.token_urlsafe(FOLDER_TOKEN_BYTES)
    try:
        folder.mkdir(parents=True)
        for file_name, content in {name: data, **extra_files}.items():
            (folder / file_name).write_bytes(content)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # half a photo is nobody's
        raise StorageFull(cause=errno.errorcode.get(error.errno or 0, type(error).__name__)) from None
    return str(folder / name)


def check_upload_dir(folder: Path) -> None:
    """For the start. Raises SettingsError when no upload can be put into `folder`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(f"GRADIO_TEMP_DIR: uploads cannot be kept there while they are used ({reason})") from None
