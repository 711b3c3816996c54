"""Memory settings: few malloc arenas, a garbage collector that skips what is loaded, no BLAS threads."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

COUNT_ARENAS = """
import ctypes, sys, threading
from meitu_demo.runtime import memory
if sys.argv[1] == "limited":
    assert memory.limit_malloc_arenas()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
barrier = threading.Barrier(13)
arenas = set()
def allocate():
    arenas.add(libc.malloc(2000) >> 26)  # glibc's further arenas begin at multiples of 64 MB
    barrier.wait()
threads = [threading.Thread(target=allocate) for _ in range(12)]
for thread in threads: thread.start()
barrier.wait()
print(len(arenas))
"""

COUNT_SURVIVING_CYCLES = """
import gc, weakref
from meitu_demo.runtime import memory
class Cycle:
    def __init__(self): self.myself = self
memory.pause_gc()
assert not gc.isenabled()
early = [Cycle() for _ in range(1000)]
memory.freeze_gc()
assert gc.isenabled()
early_alive = weakref.WeakSet(early)
early.clear()
late = [Cycle() for _ in range(1000)]
late_alive = weakref.WeakSet(late)
late.clear()
gc.collect()
print(len(early_alive), len(late_alive))
"""

COUNT_THREADS = """
import meitu_demo
import os
import numpy as np
ones = np.ones((1500, 1500))
ones @ ones
print(len(os.listdir("/proc/self/task")))
"""


def run_python(script: str, *arguments: str, env: dict[str, str] | None = None) -> str:
    """What `script` prints in a process of its own."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def test_freeze_gc_leaves_out_what_is_loaded() -> None:
    """What was loaded before is not collected, not even as garbage; what comes later is."""
    assert run_python(COUNT_SURVIVING_CYCLES).split() == ["1000", "0"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="mallopt's arenas are glibc's")
def test_limit_malloc_arenas_makes_twelve_threads_share_two() -> None:
    """Without the limit there are more."""
    assert int(run_python(COUNT_ARENAS, "limited")) <= 2 < int(run_python(COUNT_ARENAS, ""))


def test_limit_malloc_arenas_does_nothing_on_windows() -> None:
    """Windows has no library handle for the process itself; the limit answers False and asks for none."""
    code = """
import ctypes, sys
from meitu_demo.runtime import memory
sys.platform = "win32"
def refuse(name): raise TypeError("bad argument type for built-in operation")
ctypes.CDLL = refuse
print(memory.limit_malloc_arenas())
"""
    assert run_python(code).strip() == "False"


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's list of threads")
def test_numpy_starts_no_threads_unless_the_owner_sets_them() -> None:
    """A large product is computed by the thread that asks for it; OPENBLAS_NUM_THREADS overrides that."""
    env = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    assert int(run_python(COUNT_THREADS, env=env)) == 1
    assert int(run_python(COUNT_THREADS, env=env | {"OPENBLAS_NUM_THREADS": "2"})) == 2
