"""Checks the arguments of the page's events against the components that the events declare as inputs.

Gradio 6.31.0 passes whatever a client posts to an event's function, or fails in its own conversions: a bare error, a
stack trace in the log, and for a lone surrogate a stream that breaks off. `payloads` refuses such an event in words.
The API functions are not checked here: they explain each of their arguments (`domain.controls`).
"""

import re
from collections.abc import Callable, Mapping, Sequence

import gradio as gr
from gradio.block_function import BlockFunction

ArgumentCheck = Callable[[object], bool]
SURROGATE_PATTERN = re.compile(r"[\ud800-\udfff]")
MAX_FILES = 1000  # of one component; how many are used is decided where they are read
MAX_NUMBER = 1e15  # of either sign; integers beyond 1e308 cannot become floats


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
