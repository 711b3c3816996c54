"""Caches the signatures of the components' constructors, which speeds up each page load and each new session.

Gradio 6.31.0 calls `inspect.signature` on every constructor, hundreds of times for this page. `inspect.signature`
returns `__signature__` (PEP 362) where there is one.
"""

import inspect
from types import FunctionType

import gradio as gr


def cache_signatures(blocks: gr.Blocks) -> None:
    """Cache the signature of each constructor of the components in `blocks`, base classes included."""
    for component_class in {base for block in blocks.blocks.values() for base in type(block).__mro__}:
        constructor = vars(component_class).get("__init__")
        if isinstance(constructor, FunctionType):
            constructor.__signature__ = inspect.signature(constructor)  # type: ignore[attr-defined]
