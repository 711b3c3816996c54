"""One effect may use every core; as many effects as there are cores have one each."""

import asyncio

import cv2
import pytest
from support.blocking_work import Held

from meitu_demo.runtime import cpu_slots


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "getNumberOfCPUs", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_cpu_slots_use_one_opencv_thread_under_load() -> None:
    """From the second effect on OpenCV has one thread; it has all again when the last effect ends, also in an error."""
    all_threads = cv2.getNumThreads()
    first, second, third = cpu_slots.effect_running(), cpu_slots.effect_running(), cpu_slots.effect_running()
    first.__enter__()
    assert cv2.getNumThreads() == all_threads
    second.__enter__()
    assert cv2.getNumThreads() == 1
    first.__exit__(None, None, None)
    third.__enter__()
    assert cv2.getNumThreads() == 1
    second.__exit__(None, None, None)
    assert cv2.getNumThreads() == 1
    third.__exit__(ValueError, ValueError(), None)
    assert cv2.getNumThreads() == all_threads


def test_cpu_slots_keep_opencv_threads_on_many_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two effects on eight cores keep them."""
    monkeypatch.setattr(cv2, "getNumberOfCPUs", lambda: 8)
    all_threads = cv2.getNumThreads()
    with cpu_slots.effect_running(), cpu_slots.effect_running():
        assert cv2.getNumThreads() == all_threads


async def test_cpu_slots_bound_the_working_threads() -> None:
    """At most MAX_WORKERS run, the others wait, and each caller gets its own result."""
    held = Held()
    works = [asyncio.create_task(cpu_slots.run_in_worker(held, at)) for at in range(3 * cpu_slots.MAX_WORKERS)]
    await held.begins(cpu_slots.MAX_WORKERS)
    held.gate.set()
    assert await asyncio.gather(*works) == list(range(3 * cpu_slots.MAX_WORKERS))
    assert held.most == cpu_slots.MAX_WORKERS


async def test_cpu_slots_free_on_cancel_only_while_waiting() -> None:
    """A cancelled caller leaves at once while it waits, and keeps its slot until its thread ends once that runs."""
    held = Held()
    works = [asyncio.create_task(cpu_slots.run_in_worker(held, at)) for at in range(cpu_slots.MAX_WORKERS + 1)]
    await held.begins(cpu_slots.MAX_WORKERS)
    for work in works:
        work.cancel()
    await asyncio.wait(works[cpu_slots.MAX_WORKERS :])
    assert not any(work.done() for work in works[: cpu_slots.MAX_WORKERS])
    late = asyncio.create_task(cpu_slots.run_in_worker(held, 7))
    held.gate.set()
    assert await late == 7
    await asyncio.wait(works)
    assert all(work.cancelled() for work in works)
    assert held.most == cpu_slots.MAX_WORKERS


async def test_cpu_slots_free_after_an_exception() -> None:
    """The caller gets the exception, and the slot is free for the next."""
    for _ in range(cpu_slots.MAX_WORKERS + 1):
        with pytest.raises(ValueError, match="odd"):
            await cpu_slots.run_in_worker(_fails)


def _fails() -> None:
    raise ValueError("odd")


def test_cpu_slots_belong_to_one_event_loop() -> None:
    """A second event loop, as in a test or beside the app, has slots of its own."""
    for answer in (1, 2):
        assert asyncio.run(cpu_slots.run_in_worker(int, str(answer))) == answer
