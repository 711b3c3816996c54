"""Imports mediapipe's solutions at their first use.

mediapipe imports matplotlib for drawing functions that this project does not use. Where matplotlib is not installed,
as in the container, a stub replaces it during the import.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_load_lock = threading.Lock()  # mediapipe's import and the creation of its graphs are not thread-safe


@contextmanager
def load_solution(name: str) -> Iterator[Any]:
    """Import ``mediapipe.python.solutions.<name>`` for a block that builds its graph; one block at a time."""
    with _load_lock, _stub_matplotlib():
        yield import_module(f"mediapipe.python.solutions.{name}")


class _StubModule(ModuleType):
    """A module without contents: other threads that use it, Gradio for instance, get an ImportError."""

    def __getattr__(self, name: str) -> Any:
        raise ImportError(f"{self.__name__} is not installed")


@contextmanager
def _stub_matplotlib() -> Iterator[None]:
    if find_spec("matplotlib"):
        yield
        return
    package, plot = _StubModule("matplotlib"), _StubModule("matplotlib.pyplot")
    vars(package)["pyplot"] = plot
    stubs = {"matplotlib": package, "matplotlib.pyplot": plot}
    sys.modules.update(stubs)
    try:
        yield
    finally:
        for name in stubs:
            del sys.modules[name]
