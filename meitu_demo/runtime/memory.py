"""What those who manage memory are told: the C library keeps few heaps, Python does not go through what stays anyway.

glibc gives threads heaps of their own, eight for each core, and a heap keeps what was freed in it below something that
lives. Photos pass through some twenty threads here. Imports nothing of ours.
"""

import ctypes
import gc

MAX_ARENAS = 2
M_ARENA_MAX = -8  # malloc.h


def limit_malloc_arenas() -> bool:
    """For this process, before it starts threads. Whether there is a glibc that can be told."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, MAX_ARENAS))


def pause_gc() -> None:
    """While the app is being loaded: what comes then comes to stay."""
    gc.disable()


def freeze_gc() -> None:
    """From now on, and only that: going through all that is loaded stops every thread meanwhile."""
    gc.freeze()
    gc.enable()
