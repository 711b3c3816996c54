"""How the cores are shared by effects and by what the page draws of their results.

As many of both are at work as there are cores: a third thread on two cores makes all three wait for each other.
OpenCV's helpers speed one effect up, and hold several up: where as many effects run as there are cores, each has one to
itself, and its helpers would have to wait for a core, and it for them. Imports nothing of ours.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import anyio
import cv2
from anyio.lowlevel import RunVar

Result = TypeVar("Result")

ALL = -1
PLACES = max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)
_places: RunVar[anyio.CapacityLimiter] = RunVar("_places")  # one for each event loop
_lock = threading.Lock()
_under_way = 0


async def work(function: Callable[..., Result], *arguments: object) -> Result:
    """What `function` returns, in a worker thread, as soon as one of `PLACES` is free. Raises what it raises.

    Whoever is cancelled while waiting is gone at once; later it leaves with the end of the work: a thread cannot be
    stopped, and its place would be given to the next while it still uses it.
    """
    async with _all_places():
        alone = anyio.CapacityLimiter(1)  # its place it has already
        return await _to_its_end(anyio.to_thread.run_sync(function, *arguments, limiter=alone))


def _all_places() -> anyio.CapacityLimiter:
    try:
        return _places.get()
    except LookupError:
        _places.set(made := anyio.CapacityLimiter(PLACES))
        return made


async def _to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):  # holds off anyio's way to cancel, but not asyncio's
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # looked at, or Python would complain
        raise cancelled
    return task.result()


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
