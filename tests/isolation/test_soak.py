"""The app under mixed use for long: its memory stays level, and nothing of a visitor outlives its time."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from isolation.soak_visitors import ENDS, Soak

pytestmark = pytest.mark.soak
CALLS = 1000
LASTS_S = 600.0  # at least, when all of it runs
KEEP_MINUTES = 0.2
GROWTH = 0.08
GROWTH_OF_A_TENTH = 0.16  # caches and pools are not full yet after so few
# What the app itself keeps on the disk: the photos to begin with, and the ledger of paid calls. Gradio keeps nothing.
APP_FILES = re.compile(r"ledger/(ledger\.db(-wal|-shm)?|visitors\.key)")
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The app's address and its process; all of its files are in `tmp_path`."""
    folders = {"TMPDIR": tmp_path, "GRADIO_TEMP_DIR": tmp_path / "gradio", "DATA_DIR": tmp_path / "ledger"}
    environ = {
        **os.environ,
        **{name: str(path) for name, path in folders.items()},
        "PYTHONPATH": f"{PROJECT}:{PROJECT / 'tests'}",
    }
    command = [sys.executable, str(Path(__file__).with_name("soak_app.py")), str(KEEP_MINUTES)]
    with subprocess.Popen(
        command, env=environ, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", psutil.Process(process.pid)
        process.terminate()
        process.wait(60)


def wait_until(read: Callable[[], Any], is_wanted: Callable[[Any], bool], seconds: float = 90) -> Any:
    """The value of `read` once `is_wanted`, or after `seconds`."""
    end = time.monotonic() + seconds
    while not is_wanted(last := read()) and time.monotonic() < end:
        time.sleep(0.1)
    return last


def test_soak_leaves_memory_files_and_descriptors_level(
    app: tuple[str, psutil.Process], rounds: Any, figure: Any, portrait_pixels: Any, faceless: bytes, tmp_path: Path
) -> None:
    """After thousands of calls, in ten minutes or more, memory is level; no old file and no descriptor is left."""
    (url, process), calls = app, rounds(CALLS)
    soak, min_duration_s, step = Soak(url, portrait_pixels, faceless), LASTS_S if calls == CALLS else 0.0, calls // 20
    start, done, memory_mb, descriptor_counts = time.monotonic(), 0, [], []
    for part in (0.25, 0.625, 1.0):
        while done < calls * part or time.monotonic() - start < min_duration_s * part:
            soak.run(done, done + step)
            done += step
        memory_mb.append(process.memory_info().rss / 2**20)
        descriptor_counts.append(process.num_fds())
    duration_s, descriptors = time.monotonic() - start, descriptor_counts[0]
    assert soak.ends.total() == done
    leftovers = wait_until(lambda: httpx.get(f"{url}/entry-counts").json(), lambda counts: not any(counts.values()))
    descriptors_at_end = wait_until(process.num_fds, lambda number: number <= descriptors)
    leftover_files = wait_until(
        lambda: [path for path in files_in(tmp_path) if not APP_FILES.fullmatch(path)], lambda paths: not paths
    )
    growth = memory_mb[2] / memory_mb[1] - 1
    figure(
        f"isolation: soak of {done} mixed calls in {duration_s / 60:.1f} min: {memory_mb[0]:.0f} MB warm, "
        f"{memory_mb[1]:.0f} MB, {memory_mb[2]:.0f} MB ({growth:+.1%}); {descriptors} descriptors, then "
        f"{descriptors_at_end}; left of visitors: "
        f"{len(leftover_files)} files, {sum(leftovers.values())} things in memory"
    )
    assert soak.ends.keys() <= ENDS, soak.ends
    assert growth < (GROWTH if calls == CALLS else GROWTH_OF_A_TENTH)
    assert descriptors_at_end <= descriptors
    assert not any(leftovers.values()), leftovers
    assert leftover_files == []


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
