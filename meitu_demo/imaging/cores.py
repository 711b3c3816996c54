"""OpenCV's helpers and the cores: they speed one effect up, and hold several up.

Where as many effects run as there are cores, each has one to itself. Its helpers would have to wait for a core, and it
for them. Imports nothing of ours.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

ALL = -1
_lock = threading.Lock()
_under_way = 0


@contextmanager
def taken() -> Iterator[None]:
    """An effect runs in this block, in this thread. For the whole process, as OpenCV's setting is.

    Helpers come back when nobody is at work, not between two effects of a crowd.
    """
    global _under_way
    with _lock:
        _under_way += 1
        if _under_way >= cv2.getNumberOfCPUs():
            cv2.setNumThreads(1)
    try:
        yield
    finally:
        with _lock:
            _under_way -= 1
            if not _under_way:
                cv2.setNumThreads(ALL)
