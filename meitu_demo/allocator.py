"""What those who manage memory are told: the C library keeps few heaps, Python does not go through what stays anyway.

glibc gives threads heaps of their own, eight for each core, and a heap keeps what was freed in it below something that
lives. Photos pass through some twenty threads here. Imports nothing of ours.
"""

import ctypes
import gc

HEAPS = 2
M_ARENA_MAX = -8  # malloc.h


def keep_few_heaps() -> bool:
    """For this process, before it starts threads. Whether there is a glibc that can be told."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, HEAPS))


def collect_nothing() -> None:
    """While the app is being loaded: what comes then comes to stay."""
    gc.disable()


def collect_what_comes() -> None:
    """From now on, and only that: going through all that is loaded stops every thread meanwhile."""
    gc.freeze()
    gc.enable()
