"""Each file that comes in gets a folder of its own, whose name nobody can guess. Only `ui/` may import it.

Gradio stores an upload in a folder named after its content. Two visitors with the same photo would share one file
then, and whoever deletes theirs would delete the other's; and who has a photo and the seed could tell whether somebody
else has uploaded it.
"""

import secrets
from pathlib import Path
from typing import Any

from gradio import route_utils
from gradio.utils import get_upload_folder

NAME_BYTES = 32


class LonelyUpload(route_utils.GradioUploadFile):
    """An upload whose digest, which names its folder, begins with bytes that were drawn for it alone."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.sha.update(secrets.token_bytes(NAME_BYTES))


def keep_apart() -> None:
    """From now on, in this whole process, no two uploads share a folder."""
    route_utils.GradioUploadFile = LonelyUpload  # type: ignore[misc]


def hand_out(name: str, data: bytes) -> str:
    """Path of a file for one visitor, among the uploads: what lies there already, Gradio does not copy."""
    folder = Path(get_upload_folder()) / secrets.token_urlsafe(NAME_BYTES)
    folder.mkdir(parents=True)
    path = folder / name
    path.write_bytes(data)
    return str(path)
