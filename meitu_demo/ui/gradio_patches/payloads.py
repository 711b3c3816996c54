"""Refuses event arguments that the inputs cannot hold, and payloads that name a file outside the uploads or a URL.

Written for Gradio 6.31.0, where a mounted app

- copies any file of the server that a client names into the uploads: only `launch` sets `has_launched`, which turns on
  the check;
- fetches a photo that is named by URL, with a DNS server of its own choice, and tracks folders as files, which ends its
  own sweeping for good;
- passes whatever a client posts to an event's function, or fails in its own conversions: a bare error, a stack trace in
  the log, and for a lone surrogate a stream that breaks off.

So arguments are checked against the components that the events declare as inputs. Those of the API functions are not:
they explain each of their arguments (`domain.controls`).
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.blocks import Block
from gradio.context import LocalContext
from gradio.exceptions import InvalidPathError

from ...calls.run_log import report_failure
from ...domain.errors import DemoError, ImageRejected, ValueRejected
from ...domain.explanations import explain
from ...runtime.log_format import RateLimitFilter
from ..texts import detect_language
from .uploads import ORIGINAL_FILE_NAME

log = logging.getLogger(__name__)
log.addFilter(RateLimitFilter())
ArgumentCheck = Callable[[object], bool]
SURROGATE_PATTERN = re.compile(r"[\ud800-\udfff]")
MAX_FILES = 1000  # of one component; how many are used is decided where they are read
MAX_NUMBER = 1e15  # of either sign; integers beyond 1e308 cannot become floats
_current_request: ContextVar[gr.Request | None] = ContextVar("current_request", default=None)
_gradio_cache_file = Block.async_move_resource_to_block_cache


def patch_payloads(blocks: gr.Blocks) -> None:
    """Check and explain the payloads of all events of `blocks`; call once it is mounted."""
    check_declarations(blocks)
    blocks.has_launched = True
    # In the class, because a session gets component objects of its own as soon as one is changed for it.
    Block.async_move_resource_to_block_cache = _cache_files_only  # type: ignore[method-assign,assignment]
    blocks.preprocess_data = partial(_preprocess_with_errors, blocks.preprocess_data)  # type: ignore[method-assign]
    blocks.process_api = partial(_process_with_errors, blocks.process_api)  # type: ignore[method-assign]


async def _process_with_errors(process: Callable[..., Awaitable[Any]], **kwargs: Any) -> Any:
    request = kwargs.get("request")
    _current_request.set(request if isinstance(request, gr.Request) else None)
    event = kwargs["block_fn"]
    if not are_valid(event, kwargs["inputs"]):
        log.info("event %s: arguments that make no sense", event.api_name)
        raise _build_gradio_error(ValueRejected())
    try:
        return await process(**kwargs)
    except gr.Error:
        raise
    except Exception as error:  # Gradio's page would show the word "Error"
        text = report_failure(error, detect_language(_current_request.get()), is_billable=False).as_text()
        raise gr.Error(text, duration=None, print_exception=False) from None


async def _preprocess_with_errors(preprocess: Callable[..., Awaitable[list[Any]]], *args: Any) -> list[Any]:
    try:
        return await preprocess(*args)
    except _ExplainedError:
        raise
    except (InvalidPathError, AttributeError):  # AttributeError: `meta` is not an object
        raise _build_gradio_error(ImageRejected("photo_not_uploaded")) from None
    except Exception as error:
        log.info("arguments that make no sense (%s)", type(error).__name__)
        raise _build_gradio_error(ValueRejected()) from None


class _ExplainedError(gr.Error):
    """One of our explanations. Gradio's own errors quote the value."""


def _build_gradio_error(error: DemoError) -> _ExplainedError:
    text = explain(error, detect_language(_current_request.get())).as_text()
    return _ExplainedError(text, duration=None, print_exception=False)


async def _cache_files_only(block: Block, resource: str | Path | None) -> str | None:
    # On the event loop, where Gradio resolves the same path several times before and after.
    if resource is not None and not _is_file(str(resource)):
        raise _build_gradio_error(ImageRejected("photo_not_uploaded"))
    cached_path = await _gradio_cache_file(block, resource)
    # Gradio sweeps the page's set of uploads, but not the sets of a session's own components.
    if cached_path and (blocks := LocalContext.blocks.get(None)):
        blocks.upload_file_set.update({cached_path, str(Path(cached_path).with_name(ORIGINAL_FILE_NAME))})
    return cached_path


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):  # not a possible file name
        return False


def check_declarations(blocks: gr.Blocks) -> None:
    """Check at startup that each input of the page's events has a rule. Raises TypeError."""
    for fn in blocks.fns.values():
        if fn.fn and fn.api_visibility == "private":
            list(map(_choose_check, fn.inputs))


def are_valid(fn: BlockFunction, values: Sequence[object]) -> bool:
    """Whether the inputs of `fn` can hold `values`."""
    if fn.api_visibility != "private":
        return True
    return len(values) == len(fn.inputs) and all(
        value is None or _choose_check(component)(value) for component, value in zip(fn.inputs, values, strict=True)
    )


def _choose_check(component: object) -> ArgumentCheck:
    """What a value of `component` must be; null is always allowed, for a component without a value."""
    for component_class, check in CHECKS.items():
        if isinstance(component, component_class):
            return check
    raise TypeError(f"{type(component).__name__} is an event's input, and CHECKS has no rule for it")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not SURROGATE_PATTERN.search(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -MAX_NUMBER < value < MAX_NUMBER


def _is_choice(value: object) -> bool:
    return _is_text(value) or _is_number(value)


def _is_photo(value: object) -> bool:
    """A file's payload, "" for none. Whether it is an upload is checked when it is read (`upload_validation`)."""
    if not isinstance(value, Mapping):
        return value == ""
    meta = value.get("meta", {})
    parts = {**value, **meta} if isinstance(meta, Mapping) else {"meta": meta}
    parts.pop("meta", None)
    return isinstance(meta, Mapping) and all(
        part is None or isinstance(part, bool) or _is_choice(part) for part in parts.values()
    )


def _is_photo_list(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MAX_FILES and all(map(_is_photo, value))


def _is_choice_list(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_choice, value))


CHECKS: Mapping[type, ArgumentCheck] = {
    gr.State: lambda value: True,  # Gradio replaces it by the session's
    gr.Image: _is_photo,
    gr.File: _is_photo_list,
    gr.CheckboxGroup: _is_choice_list,
    gr.Textbox: _is_text,
    gr.Checkbox: lambda value: isinstance(value, bool),
    gr.Slider: _is_number,
    gr.Radio: _is_choice,
    gr.Dropdown: _is_choice,
}
