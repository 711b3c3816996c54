"""The check at every door: a photo must be an upload.

A client may name any file of the server's as its photo, and Gradio looks only at payloads that carry its own mark. So
nothing is opened unless it carries the mark, and lies, links resolved, inside the folder that uploads land in.
"""

from pathlib import Path

import anyio

from ..errors import ImageRejected
from ..imaging.codec import MAX_BYTES


async def read_upload(payload: object, uploads: Path) -> bytes:
    """The uploaded file's bytes. Raises ImageRejected (photo_missing, photo_not_uploaded, image_too_large_file)."""
    if payload is None or payload == "":
        raise ImageRejected("photo_missing")
    return await anyio.to_thread.run_sync(_read, payload, uploads)


def _read(payload: object, uploads: Path) -> bytes:
    path = _upload_path(payload, uploads)
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
    except (OSError, RuntimeError):
        raise ImageRejected("photo_not_uploaded") from None
    if not path.is_file() or not path.is_relative_to(uploads.resolve()):
        raise ImageRejected("photo_not_uploaded")
    return path
