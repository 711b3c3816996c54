"""Memory settings: limits glibc's malloc arenas, and keeps the garbage collector from scanning loaded modules.

glibc gives threads up to eight arenas for each core, and an arena cannot return freed memory that lies below memory
still in use. About twenty threads handle photos here.
"""

import ctypes
import gc
import sys

MAX_ARENAS = 2
M_ARENA_MAX = -8  # malloc.h


def limit_malloc_arenas() -> bool:
    """Limit the arenas of this process; call before it starts threads. False if the C library has no `mallopt`."""
    library = None if sys.platform == "win32" else ctypes.CDLL(None)  # Windows has no handle for the process itself
    mallopt = getattr(library, "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, MAX_ARENAS))


def pause_gc() -> None:
    """Switch the collector off while the app is loaded, which creates hardly any garbage."""
    gc.disable()


def freeze_gc() -> None:
    """Switch the collector on, but exempt all present objects: scanning them stops every thread for half a second."""
    gc.freeze()
    gc.enable()
