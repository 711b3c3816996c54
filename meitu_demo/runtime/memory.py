"""Memory settings: limits glibc's malloc arenas, and keeps the garbage collector from scanning loaded modules.

glibc gives threads up to eight arenas for each core, and an arena keeps freed memory below anything that is still in
use. Photos pass through about twenty threads here.
"""

import ctypes
import gc

MAX_ARENAS = 2
M_ARENA_MAX = -8  # malloc.h


def limit_malloc_arenas() -> bool:
    """Limit the arenas of this process; call before it starts threads. False if the C library has no `mallopt`."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, MAX_ARENAS))


def pause_gc() -> None:
    """Switch the collector off while the app is loaded: nothing of that is garbage."""
    gc.disable()


def freeze_gc() -> None:
    """Collect again, but never what exists now: scanning all of it stops every thread for half a second."""
    gc.freeze()
    gc.enable()
