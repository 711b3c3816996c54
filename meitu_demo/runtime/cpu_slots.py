"""CPU slots: effects and the drawing of their results share one worker thread for each core.

A third busy thread on two cores slows down all three. OpenCV's helper threads speed up a single effect and slow down
several: they are off while as many effects run as there are cores.
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

ALL_THREADS = -1
MAX_WORKERS = max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)
_worker_limiter: RunVar[anyio.CapacityLimiter] = RunVar("_worker_limiter")  # one for each event loop
_lock = threading.Lock()
_running_effects = 0


async def run_in_worker(function: Callable[..., Result], *arguments: object) -> Result:
    """What `function` returns, in a worker thread, as soon as one of `MAX_WORKERS` is free. Raises what it raises.

    A cancelled caller that waits leaves at once; one whose function runs leaves when the function ends: a thread cannot
    be stopped, and its slot must not go to the next while it is busy.
    """
    async with _get_worker_limiter():
        unlimited = anyio.CapacityLimiter(1)  # it has its slot already
        return await _run_uncancelled(anyio.to_thread.run_sync(function, *arguments, limiter=unlimited))


def _get_worker_limiter() -> anyio.CapacityLimiter:
    try:
        return _worker_limiter.get()
    except LookupError:
        _worker_limiter.set(limiter := anyio.CapacityLimiter(MAX_WORKERS))
        return limiter


async def _run_uncancelled(coroutine: Coroutine[Any, Any, Result]) -> Result:
    task = asyncio.ensure_future(coroutine)
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):  # shields from anyio's cancellation, not from asyncio's
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        if not task.cancelled():
            task.exception()  # retrieved, or Python would complain
        raise cancelled
    return task.result()


@contextmanager
def effect_running() -> Iterator[None]:
    """Around an effect, in its thread: counts effects of the whole process and sets OpenCV's helper threads.

    Helpers are on again when no effect runs, not as soon as one of several has ended.
    """
    global _running_effects
    with _lock:
        _running_effects += 1
        if _running_effects >= cv2.getNumberOfCPUs():
            cv2.setNumThreads(1)
    try:
        yield
    finally:
        with _lock:
            _running_effects -= 1
            if not _running_effects:
                cv2.setNumThreads(ALL_THREADS)
