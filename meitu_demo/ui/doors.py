"""The check at every door: a photo must be an upload, and an upload is one visitor's.

A client may name any file of the server's as its photo, and Gradio looks only at payloads that carry its own mark. So
nothing is opened unless it carries the mark, and lies, links resolved, inside the folder that uploads land in.
"""

import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
from gradio import route_utils

from ..errors import ImageRejected
from ..explain import explain
from ..imaging.codec import MAX_BYTES

ORIGINAL = "original.heic"  # beside a stand-in that browsers can show, in a folder of the two's own
Move = Callable[[str | Path | None], Awaitable[str | None]]


class Upload(route_utils.GradioUploadFile):
    """A file on its way in, whose folder is named by chance.

    Gradio would name it by the content: two visitors with the same photo would share a file, and when one of them
    deletes theirs, or its time is up, the other's would be gone.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.sha.update(secrets.token_bytes(32))


def guard(blocks: gr.Blocks) -> None:
    """Shut the doors that a mounted app leaves open in front of ours; call once the app is mounted."""
    route_utils.GradioUploadFile = Upload  # type: ignore[misc]
    # Only a launched app looks where a file that a client names lies. Of a mounted one, Gradio would copy any file of
    # the server's among the uploads, where no check can tell it from one.
    blocks.has_launched = True
    # And it would fetch a photo that is named by URL, asking a name server of its own choice, or take note of a folder
    # as a file to be swept later, with all that is in it.
    for block in blocks.blocks.values():
        move: Move = block.async_move_resource_to_block_cache
        block.async_move_resource_to_block_cache = partial(_move_files_only, move)  # type: ignore[method-assign]


async def _move_files_only(move: Move, resource: str | Path | None) -> str | None:
    if resource is not None and not await anyio.Path(str(resource)).is_file():
        refusal = explain(ImageRejected("photo_not_uploaded"), "en").as_text()
        raise gr.Error(refusal, duration=None, print_exception=False)
    return await move(resource)


async def read_upload(payload: object, uploads: Path, found: Callable[[Path], None] = lambda path: None) -> bytes:
    """The uploaded file's bytes; `found` is told where it lies, links resolved.

    Raises ImageRejected (photo_missing, photo_not_uploaded, image_too_large_file).
    """
    if payload is None or payload == "":
        raise ImageRejected("photo_missing")
    path = await anyio.to_thread.run_sync(_upload_path, payload, uploads)
    found(path)
    return await anyio.to_thread.run_sync(_read, path)


def _read(path: Path) -> bytes:
    original = path.with_name(ORIGINAL)
    path = original if original.is_file() else path
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageRejected("image_too_large_file", bytes=size, limit=MAX_BYTES)
        return path.read_bytes()
    except OSError:
        raise ImageRejected("photo_not_uploaded") from None


def _upload_path(payload: object, uploads: Path) -> Path:
    marked = isinstance(payload, dict) and (payload.get("meta") or {}) == {"_type": "gradio.FileData"}
    named = payload.get("path") if isinstance(payload, dict) else None
    if not marked or not isinstance(named, str) or "\0" in named:
        raise ImageRejected("photo_not_uploaded")
    try:
        path = Path(named).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # ValueError: no name that a file could have
        raise ImageRejected("photo_not_uploaded") from None
    if not path.is_file() or not path.is_relative_to(uploads.resolve()):
        raise ImageRejected("photo_not_uploaded")
    return path
