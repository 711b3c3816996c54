"""An offline evaluation of 12 MP photos against the same steps without queue, protocol, journal and report.

``python -m tools.bench.evaluation 200`` prints the ratio and the resident memory in the course of it.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from .codec import make_camera_jpeg
from .ratio import Row

MIN_THROUGHPUT_SHARE, MAX_MEMORY_MB = 0.85, 900
PHOTO_COUNT = 24  # of a run of the table


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds for all photos; resident MB when a quarter, and when all of them were done, and the most."""

    baseline_s: float
    evaluation_s: float
    quarter_mb: float
    end_mb: float
    peak_mb: float


def measure(count: int = PHOTO_COUNT) -> Measured:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "tools.bench.evaluation", str(count), "--json"]
    return Measured(**json.loads(subprocess.check_output(command, stderr=subprocess.DEVNULL)))


def rows() -> list[Row]:
    """One row: the evaluation of PHOTO_COUNT photos."""
    found = measure()
    ratio = found.evaluation_s / found.baseline_s
    name = f"evaluation of {PHOTO_COUNT} photos of 12 MP, offline"
    baseline = "read, fit, face fuse, in two threads"
    return [Row(name, baseline, found.baseline_s, found.evaluation_s, ratio, 1 / MIN_THROUGHPUT_SHARE)]


def _measure(count: int) -> Measured:
    from meitu_demo.runtime import memory

    memory.limit_malloc_arenas()
    from meitu_demo.evaluation.photo_set import collect_photos, list_files

    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        (folder / "photos").mkdir()
        jpeg = make_camera_jpeg()
        for number in range(count):  # what stands behind the end of a JPEG makes each another photo
            (folder / "photos" / f"{number:03d}.jpg").write_bytes(jpeg + str(number).encode())
        photos = collect_photos(list_files([folder / "photos"]))
        paths = [photo.path for photo in photos.photos[: max(8, count // 10)]]
        before_s = _run_bare(paths)
        evaluation_s, samples = asyncio.run(_run_evaluation(folder, photos))
        baseline_s = (before_s + _run_bare(paths)) / 2 * count
        quarter = samples[len(samples) // 4]
        return Measured(baseline_s, evaluation_s, quarter, samples[-1], max(samples))


def _run_bare(paths: list[Path]) -> float:
    """Seconds a photo."""
    from meitu_demo.endpoints import CATALOGUE
    from meitu_demo.offline.effect_runner import MAX_CONCURRENT, apply_effect
    from meitu_demo.photos.codec import prepare

    endpoint = CATALOGUE["face_fuse"]

    def run(path: Path) -> None:
        apply_effect(endpoint, prepare(path.read_bytes(), endpoint.limits).photo.data, {})

    run(paths[0])
    with ThreadPoolExecutor(MAX_CONCURRENT) as pool:
        start = time.perf_counter()
        list(pool.map(run, paths))
        return (time.perf_counter() - start) / len(paths)


async def _run_evaluation(folder: Path, photos: object) -> tuple[float, list[float]]:
    """Seconds, and resident MB after each call."""
    from meitu_demo.calls.http_client import create_http_client
    from meitu_demo.endpoints import CATALOGUE
    from meitu_demo.evaluate.report_folder import ReportFolder
    from meitu_demo.evaluation.journal import Journal
    from meitu_demo.evaluation.plan import Plan, Setup
    from meitu_demo.evaluation.runner import Authority, EvaluationRun
    from meitu_demo.offline import create_app
    from meitu_demo.service import Caller, CallService
    from meitu_demo.settings import Settings

    settings = Settings.from_env({"DATA_DIR": str(folder)})
    endpoint = CATALOGUE["face_fuse"]
    plan = Plan(photos, (Setup(endpoint, endpoint.validate({})),), ("offline",))
    async with create_http_client(settings, create_app(single_use_links=True)) as client:
        report = ReportFolder(folder / "report", "en", visible_label=True)
        journal = Journal(folder / "report" / "journal.jsonl")
        service = CallService(client, settings)
        run = EvaluationRun(service, plan, journal, report.save, Authority(Caller("bench")))
        sampler = asyncio.create_task(_sample_memory(samples := []))
        start = time.perf_counter()
        await run.run()
        report.write(plan, run.outcomes)
        seconds = time.perf_counter() - start
        sampler.cancel()
        assert all(outcome.kind == "success" for outcome in run.outcomes.values())
        return seconds, samples


async def _sample_memory(samples: list[float]) -> None:
    while True:
        samples.append(psutil.Process().memory_info().rss / 2**20)
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    found = _measure(int(sys.argv[1]))
    if "--json" in sys.argv:
        print(json.dumps({name: getattr(found, name) for name in Measured.__slots__}))
    else:
        share = found.baseline_s / found.evaluation_s
        print(f"throughput {share:.2f} of the bare engine's (aim ≥ {MIN_THROUGHPUT_SHARE})", end="; ")
        print(f"memory {found.quarter_mb:.0f} MB, {found.end_mb:.0f} MB at the end, {found.peak_mb:.0f} MB at most")
