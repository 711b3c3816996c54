"""Few heaps: what many threads free can be used by all of them. And what is loaded is not gone through again."""

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = """
import ctypes, sys, threading
from meitu_demo import allocator
if sys.argv[1] == "told":
    assert allocator.keep_few_heaps()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
everybody = threading.Barrier(13)
heaps = set()
def work():
    heaps.add(libc.malloc(2000) >> 26)  # glibc's further heaps begin at multiples of 64 MB
    everybody.wait()
threads = [threading.Thread(target=work) for _ in range(12)]
for thread in threads: thread.start()
everybody.wait()
print(len(heaps))
"""


LOADED = """
import gc, weakref
from meitu_demo import allocator
class Ring:
    def __init__(self): self.own = self
allocator.collect_nothing()
assert not gc.isenabled()
loaded = [Ring() for _ in range(1000)]
allocator.collect_what_comes()
assert gc.isenabled()
there = weakref.WeakSet(loaded)
loaded.clear()
later = [Ring() for _ in range(1000)]
come = weakref.WeakSet(later)
later.clear()
gc.collect()
print(len(there), len(come))
"""

PRODUCT = """
import meitu_demo
import os
import numpy as np
ones = np.ones((1500, 1500))
ones @ ones
print(len(os.listdir("/proc/self/task")))
"""


def test_what_is_loaded_is_not_gone_through_again() -> None:
    """Not even as garbage; what comes later is collected as ever."""
    told = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["1000", "0"]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has other heaps")
def test_twelve_threads_share_two_heaps() -> None:
    """Untold, they have more."""
    told, untold = (
        int(subprocess.run([sys.executable, "-c", COUNT, how], capture_output=True, text=True, check=True).stdout)
        for how in ("told", "")
    )
    assert told <= 2 < untold


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="elsewhere nobody tells how many threads there are")
def test_numpy_brings_no_threads_of_its_own() -> None:
    """A product large enough to be shared among cores is made by who asked for it, unless the owner wants otherwise."""
    environ = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    alone, wanted = (
        int(subprocess.run([sys.executable, "-c", PRODUCT], env=env, capture_output=True, check=True).stdout)
        for env in (environ, environ | {"OPENBLAS_NUM_THREADS": "2"})
    )
    assert (alone, wanted) == (1, 2)
