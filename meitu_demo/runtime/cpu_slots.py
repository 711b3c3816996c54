"""CPU slots: limits the threads that work on pixels to one for each core (`run_in_worker`).

A third busy thread on two cores slows down all three. OpenCV's helper threads speed up a single effect but slow down
several, so they are off while as many effects run as there are cores (`effect_running`).
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
    """Run `function` in a worker thread as soon as a slot is free. Returns its result, raises its exceptions.

    A caller that is cancelled while it waits for a slot leaves at once. A caller that is cancelled while `function`
    runs leaves when that ends: a thread cannot be stopped, and its slot is not free before.
    """
    async with _get_worker_limiter():
        free_limiter = anyio.CapacityLimiter(1)  # never waits: the slot is taken already
        return await _run_uncancelled(anyio.to_thread.run_sync(function, *arguments, limiter=free_limiter))


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
            task.exception()  # retrieves the exception, or asyncio logs that nobody did
        raise cancelled
    return task.result()


@contextmanager
def effect_running() -> Iterator[None]:
    """Wrap an effect, in its thread: counts the process's running effects and sets OpenCV's helper threads.

    The helpers are switched on again when no effect runs, not as soon as one of several has ended.
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
