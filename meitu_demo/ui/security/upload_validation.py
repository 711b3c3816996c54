"""The check at every door: a photo must be an upload, and an upload is one visitor's.

A client may name any file of the server's as its photo, and Gradio looks only at payloads that carry its own mark. So
nothing is opened unless it carries the mark, and lies, links resolved, inside the folder that uploads land in.
"""

import base64
import logging
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import gradio as gr
from gradio.blocks import Block
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError

from ...domain.errors import DemoError, ImageRejected, ValueRejected
from ...domain.explanations import explain
from ...photos.codec import MAX_BYTES
from ..texts import detect_language

log = logging.getLogger(__name__)
ORIGINAL_FILE_NAME = "original.heic"  # beside a stand-in that browsers can show, in a folder of the two's own
MAX_BASE64_CHUNK_CHARS = (
    256 * 1024
)  # characters of base64 that are read at a time: until then no other thread has its turn
_current_request: ContextVar[gr.Request | None] = ContextVar("asking", default=None)
_gradio_cache_file = Block.async_move_resource_to_block_cache


def patch_gradio(blocks: gr.Blocks) -> None:
    """Shut the two doors that a mounted app leaves open in front of ours, and put words on a third; once mounted."""
    # Only a launched app looks where a file that a client names lies. Of a mounted one, Gradio would copy any file of
    # the server's among the uploads, where no check can tell it from one.
    blocks.has_launched = True
    # And it would fetch a photo that is named by URL, asking a name server of its own choice, or take note of a folder
    # as a file to be swept later, at which its sweeping ends for good. In the class: a session has components of
    # its own as soon as one is changed for it.
    Block.async_move_resource_to_block_cache = _cache_files_only  # type: ignore[method-assign,assignment]
    # What it turns away itself, it turns away without a word, and writes a stack trace each time.
    blocks.preprocess_data = partial(_preprocess_with_errors, blocks.preprocess_data)  # type: ignore[method-assign]
    blocks.process_api = partial(_process_with_request, blocks.process_api)  # type: ignore[method-assign]


async def _process_with_request(process: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
    request = kwargs.get("request")
    _current_request.set(request if isinstance(request, gr.Request) else None)
    return await process(*args, **kwargs)


async def _preprocess_with_errors(preprocess: Callable[..., Awaitable[list[Any]]], *args: Any) -> list[Any]:
    try:
        return await preprocess(*args)
    except gr.Error:
        raise
    except (InvalidPathError, AttributeError):  # AttributeError: at a mark that is no mark
        raise _build_gradio_error(ImageRejected("photo_not_uploaded")) from None
    except Exception as error:
        log.info("arguments that make no sense (%s)", type(error).__name__)
        raise _build_gradio_error(ValueRejected()) from None


def _build_gradio_error(error: DemoError) -> gr.Error:
    return gr.Error(
        explain(error, detect_language(_current_request.get())).as_text(), duration=None, print_exception=False
    )


async def _cache_files_only(block: Block, resource: str | Path | None) -> str | None:
    if resource is not None and not await anyio.to_thread.run_sync(_is_file, str(resource)):
        raise _build_gradio_error(ImageRejected("photo_not_uploaded"))
    cached_path = await _gradio_cache_file(block, resource)
    # What a component of a session's own takes note of, Gradio never sweeps. Its set of uploads it does.
    if cached_path and (blocks := LocalContext.blocks.get(None)):
        blocks.upload_file_set.update({cached_path, str(Path(cached_path).with_name(ORIGINAL_FILE_NAME))})
    return cached_path


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # no name that a file could have
        return False


async def read_upload(payload: object, uploads_dir: Path, on_path: Callable[[Path], None] = lambda path: None) -> bytes:
    """The uploaded file's bytes; `found` is told where it lies, links resolved.

    Raises ImageRejected (photo_missing, photo_not_uploaded, image_too_large_file).
    """
    if payload is None or payload == "":
        raise ImageRejected("photo_missing")
    path = await anyio.to_thread.run_sync(_resolve_upload_path, payload, uploads_dir)
    on_path(path)
    return await anyio.to_thread.run_sync(_read_file, path)


def decode_base64_photo(text: object) -> bytes:
    """The bytes of a photo that came in base64, or as a data: URL. Blocks. Raises ImageRejected (photo_not_base64)."""
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
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ImageRejected("image_too_large_file", bytes=size, limit=MAX_BYTES)
        return path.read_bytes()
    except OSError:
        raise ImageRejected("photo_not_uploaded") from None


def get_payload_path(payload: object) -> str:
    """The path that an upload names, to tell one from another and not to be opened; "" where it names none."""
    payload_path = payload.get("path") if isinstance(payload, dict) else None
    return payload_path if isinstance(payload_path, str) else ""


def _resolve_upload_path(payload: object, uploads_dir: Path) -> Path:
    has_gradio_mark = isinstance(payload, dict) and (payload.get("meta") or {}) == {"_type": "gradio.FileData"}
    payload_path = get_payload_path(payload)
    if not has_gradio_mark or not payload_path or "\0" in payload_path:
        raise ImageRejected("photo_not_uploaded")
    try:
        path = Path(payload_path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # ValueError: no name that a file could have
        raise ImageRejected("photo_not_uploaded") from None
    if not path.is_file() or not path.is_relative_to(uploads_dir.resolve()):
        raise ImageRejected("photo_not_uploaded")
    return path
