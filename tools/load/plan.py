"""One round of load: its photos, Locust in a subprocess, and the result."""

import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec

RAMP_UP_SHARE = 0.2  # of a round, while visitors arrive and caches and pools fill
CORE_COUNT = len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class LoadPlan:
    """What visitors do. button: an element id. photos: a path with %d. think_s: mean time between two runs."""

    name: str
    button: str
    values: tuple[Any, ...]
    visitors: int
    seconds: int
    think_s: float
    photos: str


@dataclass(frozen=True)
class LoadResult:
    """The result of a round. runs: (visitor, start time, seconds, error). cpu_shares: of all cores, by process."""

    runs: list[tuple[int, float, float, str]]
    started_at: float
    seconds: float
    cpu_shares: dict[str, float]
    memory_mb: tuple[float, float, float]  # the app's: after the ramp-up, half-way, at the end

    def _select_steady_runs(self) -> list[tuple[int, float, float, str]]:
        """Runs that ended between the end of the ramp-up and the planned end."""
        first, last = self.started_at + self.seconds * RAMP_UP_SHARE, self.started_at + self.seconds
        return [run for run in self.runs if first <= run[1] + run[2] < last]

    @property
    def errors(self) -> Counter[str]:
        """Errors of all runs."""
        return Counter(error for *_, error in self.runs if error)

    @property
    def successes(self) -> int:
        """Number of all runs that ended with a picture."""
        return sum(not error for *_, error in self.runs)

    @property
    def waits(self) -> list[float]:
        """Seconds from upload to picture of each steady run."""
        return [seconds for _, _, seconds, error in self._select_steady_runs() if not error]

    @property
    def p50_p95(self) -> tuple[float, float]:
        """Percentiles of the waits, in seconds."""
        return tuple(np.percentile(self.waits or [np.inf], [50, 95]))  # type: ignore[return-value]

    @property
    def pictures_per_second(self) -> float:
        """Pictures a second after the ramp-up."""
        return sum(not error for *_, error in self._select_steady_runs()) / (self.seconds * (1 - RAMP_UP_SHARE))

    @property
    def min_max_pictures(self) -> tuple[int, int]:
        """Fewest and most pictures of a visitor after the ramp-up."""
        counts = Counter({visitor: 0 for visitor, *_ in self.runs})
        counts.update(visitor for visitor, _, _, error in self._select_steady_runs() if not error)
        return min(counts.values()), max(counts.values())


def make_photos(folder: Path, count: int, size_px: int) -> str:
    """Write `count` different portraits of `size_px`²; returns `LoadPlan.photos`."""
    folder.mkdir(exist_ok=True)
    face = np.asarray(load_astronaut()[0:320, 60:380])
    large = np.repeat(np.repeat(face, -(-size_px // 320), 0), -(-size_px // 320), 1)[:size_px, :size_px].copy()
    for index in range(count):
        large[:16, :16] = index % 256
        large[:16, 16:32] = index // 256
        (folder / f"{index}.jpg").write_bytes(codec.encode(large, 90))
    return str(folder / "%d.jpg")


def run_load(plan: LoadPlan, url: str, folder: Path, app_pids: list[int]) -> LoadResult:
    """Run a round against the app's processes. Raises RuntimeError if Locust fails."""
    out, script = folder / "result.json", Path(__file__).with_name("visitors.py")
    (folder / "plan.json").write_text(json.dumps({**vars(plan), "out": str(out)}))
    command = [
        sys.executable, "-m", "locust", "-f", str(script), "--headless", "--host", url, "--only-summary",
        "-u", str(plan.visitors), "-r", str(plan.visitors), "-t", f"{plan.seconds}s", "-s", "60",
        "--exit-code-on-error", "0", "--loglevel", "ERROR",
    ]  # fmt: skip
    processes = [psutil.Process(pid) for pid in app_pids]
    cpu_s_before = _measure_cpu_s(processes)
    started_at, memory = time.time(), []
    environ = {**os.environ, "LOAD_PLAN": str(folder / "plan.json")}
    with (folder / "locust.log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    for part in (RAMP_UP_SHARE, 0.6, 1.0):
        time.sleep(max(0.0, started_at + plan.seconds * part - time.time()))
        memory.append(sum(app_process.memory_info().rss for app_process in processes) / 2**20)
    if process.wait(150):
        raise RuntimeError((folder / "locust.log").read_text("utf-8", "replace")[-2000:])
    core_s = (time.time() - started_at) * CORE_COUNT
    app_cpu_s = _measure_cpu_s(processes) - cpu_s_before
    payload = json.loads(out.read_text())
    cpu_shares = {"app": app_cpu_s / core_s, "load": payload["cpu_s"] / core_s}
    return LoadResult([tuple(run) for run in payload["runs"]], started_at, plan.seconds, cpu_shares, tuple(memory))  # type: ignore[arg-type]


def _measure_cpu_s(processes: list[psutil.Process]) -> float:
    """CPU seconds of the processes and their children."""
    members = [member for process in processes for member in (process, *process.children(recursive=True))]
    return sum(times.user + times.system for times in (member.cpu_times() for member in members))
