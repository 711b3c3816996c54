"""Upload validation: reads a photo only if the payload names an upload (no path traversal, no other file).

A client can name any file of the server as its photo, and Gradio checks only payloads that carry its `meta`. So a file
is opened only if the payload carries `meta` and the path, links resolved, is inside the uploads' folder.
"""

import base64
from collections.abc import Callable
from pathlib import Path

import anyio

from ...domain.errors import ImageRejected
from ...photos.safe_open import read_file
from ..gradio_patches.uploads import ORIGINAL_FILE_NAME

MAX_BASE64_CHUNK_CHARS = 256 * 1024  # per step, because decoding holds the GIL


async def read_upload(payload: object, uploads_dir: Path, on_path: Callable[[Path], None] = lambda path: None) -> bytes:
    """The bytes of an upload: of the HEIC original, if there is one. on_path gets the resolved path before it is read.

    Raises ImageRejected (photo_missing, photo_not_uploaded, image_too_large_file).
    """
    if payload is None or payload == "":
        raise ImageRejected("photo_missing")
    path = await anyio.to_thread.run_sync(resolve_upload_path, payload, uploads_dir)
    on_path(path)
    return await anyio.to_thread.run_sync(_read_file, path)


def decode_base64_photo(text: object) -> bytes:
    """Decode base64 or a data: URL. Blocks. Raises ImageRejected (photo_not_base64)."""
    try:
        if not isinstance(text, str):
            raise TypeError
        encoded = "".join((text.partition(",")[2] if text.startswith("data:") else text).split())
        chunks = (
            encoded[start : start + MAX_BASE64_CHUNK_CHARS] for start in range(0, len(encoded), MAX_BASE64_CHUNK_CHARS)
        )
        data = b"".join(base64.b64decode(chunk, validate=True) for chunk in chunks)
    except (TypeError, ValueError):
        raise ImageRejected("photo_not_base64") from None
    if not data:
        raise ImageRejected("photo_not_base64")
    return data


def _read_file(path: Path) -> bytes:
    original_path = path.with_name(ORIGINAL_FILE_NAME)
    path = original_path if original_path.is_file() else path
    try:
        return read_file(path)
    except OSError:
        raise ImageRejected("photo_not_uploaded") from None


def get_payload_path(payload: object) -> str:
    """The path in an upload's payload, unchecked: to compare uploads, never to open a file. "" if there is none."""
    payload_path = payload.get("path") if isinstance(payload, dict) else None
    return payload_path if isinstance(payload_path, str) else ""


def resolve_upload_path(payload: object, uploads_dir: Path) -> Path:
    """The path of an upload, links resolved. Blocks. Raises ImageRejected (photo_not_uploaded)."""
    has_gradio_meta = isinstance(payload, dict) and (payload.get("meta") or {}) == {"_type": "gradio.FileData"}
    payload_path = get_payload_path(payload)
    if not has_gradio_meta or not payload_path or "\0" in payload_path:
        raise ImageRejected("photo_not_uploaded")
    try:
        path = Path(payload_path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # ValueError: not a possible file name
        raise ImageRejected("photo_not_uploaded") from None
    if not path.is_file() or not path.is_relative_to(uploads_dir.resolve()):
        raise ImageRejected("photo_not_uploaded")
    return path
