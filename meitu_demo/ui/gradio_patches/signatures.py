"""What Gradio asks of every component, for every page and every visitor's session, is answered once for each class.

It goes through the parameters of each constructor with `inspect.signature`, hundreds of times for this page; that takes
what is kept as `__signature__` (PEP 362) instead of working it out.
"""

import inspect
from types import FunctionType

import gradio as gr


def cache_signatures(blocks: gr.Blocks) -> None:
    """Keep the signatures of the constructors of all that is on the page."""
    for component_class in {base for block in blocks.blocks.values() for base in type(block).__mro__}:
        constructor = vars(component_class).get("__init__")
        if isinstance(constructor, FunctionType):
            constructor.__signature__ = inspect.signature(constructor)  # type: ignore[attr-defined]
