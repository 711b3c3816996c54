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

from ...errors import DemoError, ImageRejected, ValueRejected
from ...explain import explain
from ...imaging.codec import MAX_BYTES
from ..texts import language_of

log = logging.getLogger(__name__)
ORIGINAL = "original.heic"  # beside a stand-in that browsers can show, in a folder of the two's own
PIECE = 256 * 1024  # characters of base64 that are read at a time: until then no other thread has its turn
_asking: ContextVar[gr.Request | None] = ContextVar("asking", default=None)
_move = Block.async_move_resource_to_block_cache


def guard(blocks: gr.Blocks) -> None:
    """Shut the two doors that a mounted app leaves open in front of ours, and put words on a third; once mounted."""
    # Only a launched app looks where a file that a client names lies. Of a mounted one, Gradio would copy any file of
    # the server's among the uploads, where no check can tell it from one.
    blocks.has_launched = True
    # And it would fetch a photo that is named by URL, asking a name server of its own choice, or take note of a folder
    # as a file to be swept later, at which its sweeping ends for good. In the class: a session has components of
    # its own as soon as one is changed for it.
    Block.async_move_resource_to_block_cache = _move_files_only  # type: ignore[method-assign,assignment]
    # What it turns away itself, it turns away without a word, and writes a stack trace each time.
    blocks.preprocess_data = partial(_in_words, blocks.preprocess_data)  # type: ignore[method-assign]
    blocks.process_api = partial(_in_their_language, blocks.process_api)  # type: ignore[method-assign]


async def _in_their_language(process: Callable[..., Awaitable[Any]], *given: Any, **named: Any) -> Any:
    request = named.get("request")
    _asking.set(request if isinstance(request, gr.Request) else None)
    return await process(*given, **named)


async def _in_words(preprocess: Callable[..., Awaitable[list[Any]]], *given: Any) -> list[Any]:
    try:
        return await preprocess(*given)
    except gr.Error:
        raise
    except (InvalidPathError, AttributeError):  # AttributeError: at a mark that is no mark
        raise _refusal(ImageRejected("photo_not_uploaded")) from None
    except Exception as error:
        log.info("arguments that make no sense (%s)", type(error).__name__)
        raise _refusal(ValueRejected()) from None


def _refusal(error: DemoError) -> gr.Error:
    return gr.Error(explain(error, language_of(_asking.get())).as_text(), duration=None, print_exception=False)


async def _move_files_only(block: Block, resource: str | Path | None) -> str | None:
    if resource is not None and not await anyio.to_thread.run_sync(_is_file, str(resource)):
        raise _refusal(ImageRejected("photo_not_uploaded"))
    moved = await _move(block, resource)
    # What a component of a session's own takes note of, Gradio never sweeps. Its set of uploads it does.
    if moved and (blocks := LocalContext.blocks.get(None)):
        blocks.upload_file_set.update({moved, str(Path(moved).with_name(ORIGINAL))})
    return moved


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # no name that a file could have
        return False


async def read_upload(payload: object, uploads: Path, found: Callable[[Path], None] = lambda path: None) -> bytes:
    """The uploaded file's bytes; `found` is told where it lies, links resolved.

    Raises ImageRejected (photo_missing, photo_not_uploaded, image_too_large_file).
    """
    if payload is None or payload == "":
        raise ImageRejected("photo_missing")
    path = await anyio.to_thread.run_sync(_upload_path, payload, uploads)
    found(path)
    return await anyio.to_thread.run_sync(_read, path)


def read_base64(text: object) -> bytes:
    """The bytes of a photo that came in base64, or as a data: URL. Blocks. Raises ImageRejected (photo_not_base64)."""
    try:
        if not isinstance(text, str):
            raise TypeError
        coded = "".join((text.partition(",")[2] if text.startswith("data:") else text).split())
        pieces = (coded[start : start + PIECE] for start in range(0, len(coded), PIECE))
        data = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except (TypeError, ValueError):
        raise ImageRejected("photo_not_base64") from None
    if not data:
        raise ImageRejected("photo_not_base64")
    return data


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


def named_path(payload: object) -> str:
    """The path that an upload names, to tell one from another and not to be opened; "" where it names none."""
    named = payload.get("path") if isinstance(payload, dict) else None
    return named if isinstance(named, str) else ""


def _upload_path(payload: object, uploads: Path) -> Path:
    marked = isinstance(payload, dict) and (payload.get("meta") or {}) == {"_type": "gradio.FileData"}
    named = named_path(payload)
    if not marked or not named or "\0" in named:
        raise ImageRejected("photo_not_uploaded")
    try:
        path = Path(named).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # ValueError: no name that a file could have
        raise ImageRejected("photo_not_uploaded") from None
    if not path.is_file() or not path.is_relative_to(uploads.resolve()):
        raise ImageRejected("photo_not_uploaded")
    return path
