"""What the C library's allocator is told: keep few heaps, so that memory is level under many visitors.

glibc gives threads heaps of their own, eight for each core, and a heap keeps what was freed in it below something that
lives. Photos pass through some twenty threads here. Imports nothing of ours.
"""

import ctypes

HEAPS = 2
M_ARENA_MAX = -8  # malloc.h


def keep_few_heaps() -> bool:
    """For this process, before it starts threads. Whether there is a glibc that can be told."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, HEAPS))
