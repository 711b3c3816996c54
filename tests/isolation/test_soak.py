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
CALLS = 2000
LASTS_S = 600.0  # at least, when all of it runs
KEEP_MINUTES = 0.2
GROWTH = 0.08
GROWTH_OF_A_TENTH = 0.16  # caches and pools are not full yet after so few
# What the app itself keeps on the disk: the photos to begin with, and the ledger of paid calls. Gradio keeps nothing.
OWN = re.compile(r"ledger/(ledger\.db(-wal|-shm)?|visitors\.key)")
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The app's address and its process; all of its files are in `tmp_path`."""
    folders = {"TMPDIR": tmp_path, "GRADIO_TEMP_DIR": tmp_path / "gradio", "DATA_DIR": tmp_path / "ledger"}
    environ = {**os.environ, **{name: str(path) for name, path in folders.items()}, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, str(Path(__file__).with_name("soak_app.py")), str(KEEP_MINUTES)]
    with subprocess.Popen(
        command, env=environ, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", psutil.Process(process.pid)
        process.terminate()
        process.wait(30)


def awaited(found: Callable[[], Any], wanted: Callable[[Any], bool], seconds: float = 90) -> Any:
    """What `found` gives once it is as wanted, or at the end of patience."""
    end = time.monotonic() + seconds
    while not wanted(last := found()) and time.monotonic() < end:
        time.sleep(0.1)
    return last


def test_soak_leaves_memory_files_and_descriptors_level(
    app: tuple[str, psutil.Process], rounds: Any, figure: Any, portrait_pixels: Any, faceless: bytes, tmp_path: Path
) -> None:
    """After thousands of calls, in ten minutes or more, memory is level; no old file and no descriptor is left."""
    (url, process), calls = app, rounds(CALLS)
    soak, lasts, step = Soak(url, portrait_pixels, faceless), LASTS_S if calls == CALLS else 0.0, calls // 20
    begun, done, levels, open_then = time.monotonic(), 0, [], []
    for part in (0.25, 0.625, 1.0):
        while done < calls * part or time.monotonic() - begun < lasts * part:
            soak.run(done, done + step)
            done += step
        levels.append(process.memory_info().rss / 2**20)
        open_then.append(process.num_fds())
    took, descriptors = time.monotonic() - begun, open_then[0]
    assert soak.ends.total() == done
    left = awaited(lambda: httpx.get(f"{url}/held").json(), lambda held: not any(held.values()))
    open_now = awaited(process.num_fds, lambda number: number <= descriptors)
    strange = awaited(lambda: [path for path in files_in(tmp_path) if not OWN.fullmatch(path)], lambda found: not found)
    growth = levels[2] / levels[1] - 1
    figure(
        f"islands: soak of {done} mixed calls in {took / 60:.1f} min: {levels[0]:.0f} MB warm, {levels[1]:.0f} MB, "
        f"{levels[2]:.0f} MB ({growth:+.1%}); {descriptors} descriptors, then {open_now}; left of visitors: "
        f"{len(strange)} files, {sum(left.values())} things in memory"
    )
    assert soak.ends.keys() <= ENDS, soak.ends
    assert growth < (GROWTH if calls == CALLS else GROWTH_OF_A_TENTH)
    assert open_now <= descriptors
    assert not any(left.values()), left
    assert strange == []


def files_in(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
