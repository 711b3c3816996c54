"""The one door to mediapipe: its ready-made solutions, loaded when one is first wanted.

mediapipe imports matplotlib, to draw on pictures, which no call of ours comes to. Where it is not installed, as in the
container, something stands in for it while mediapipe is loaded.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_load_lock = threading.Lock()  # mediapipe's import and the making of its graphs are not re-entrant


@contextmanager
def load_solution(name: str) -> Iterator[Any]:
    """The module ``mediapipe.python.solutions.<name>``, for a block that makes a graph of it: one block at a time."""
    os.environ.setdefault("GLOG_minloglevel", "2")  # its C++ reads it when it is loaded
    with _load_lock, _stub_matplotlib():
        yield import_module(f"mediapipe.python.solutions.{name}")


class _StubModule(ModuleType):
    """What `import` finds. Whoever wants more of it, Gradio in another thread for instance, hears it is not there."""

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
