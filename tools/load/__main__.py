"""``make load``: load tests of a slow vendor, the offline engine, and two replicas; prints figures with their aims.

Server and load generator share this machine's cores, so their shares of the cores are printed as well. The exit code is
1 if an aim is missed.
"""

import os
import shutil
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import httpx
import numpy as np

from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline.effect_runner import MAX_CONCURRENT, apply_effect

from .plan import CORE_COUNT, LoadPlan, LoadResult, make_photos, run_load
from .postgres import PostgresServer, find_binaries
from .replicas import Replica, run_nginx
from .vendor import run_vendor

VENDOR_KEYS = {"MEITU_API_KEY": "key-of-the-load-00001", "MEITU_API_SECRET": "secret-of-the-load-00001"}
NO_LIMITS = {"CALLS_PER_SECOND": "off", "CALLS_PER_DAY": "off", "CALLS_PER_HOUR": "off", "LOG_LEVEL": "WARNING"}
SHORT_RETENTION = {"KEEP_MINUTES": "1"}  # results that outlive the round would look like a leak
VENDOR_DELAY_S, THINK_S = 2.0, 5.0
MAX_P95_S, MAX_MEMORY_GROWTH, MIN_ENGINE_RATIO, MAX_PICTURE_SPREAD, MIN_TWO_REPLICA_RATIO = 4.0, 0.08, 0.8, 2, 0.9
ROUND_S, ROUNDS = 45, 4  # app and bare engine alternate, so that both see the same machine
missed_aims: list[str] = []


def main() -> int:
    """Run all rounds, or those named on the command line: vendor, offline, replicas."""
    rounds = {"vendor": measure_slow_vendor, "offline": measure_offline, "replicas": measure_replicas}
    print(f"{CORE_COUNT} cores, load average {os.getloadavg()[0]:.1f} at the start; the load comes from the same cores")
    with tempfile.TemporaryDirectory(prefix="load_", dir="/tmp") as name:
        pictures = make_photos(Path(name) / "photos", 2500, 640)
        for selected in sys.argv[1:] or rounds:
            rounds[selected](Path(name), pictures)
    print("missed: " + "; ".join(missed_aims) if missed_aims else "all aims hold")
    return 1 if missed_aims else 0


def check_aim(text: str, passed: bool) -> None:
    """Print a figure with its aim, and record a miss."""
    print(f"  {text}{'' if passed else '  MISSED'}", flush=True)
    if not passed:
        missed_aims.append(text)


def make_restoration_plan(name: str, visitors: int, seconds: int, think_s: float, pictures: str) -> LoadPlan:
    """Quality restoration by the vendor."""
    return LoadPlan(name, "quality-restoration-run", (), visitors, seconds, think_s, pictures)


@contextmanager
def run_replicas(folder: Path, environ: dict[str, str], count: int = 1) -> Iterator[list[Replica]]:
    """`count` replicas, stopped afterwards and their folders removed."""
    folders = [folder / f"replica{number}" for number in range(1, count + 1)]
    started = [Replica(each, {**NO_LIMITS, **environ}) for each in folders]
    try:
        for replica in started:
            replica.start()
        yield started
    finally:
        for replica, each in zip(started, folders, strict=True):
            replica.stop()
            shutil.rmtree(each, ignore_errors=True)


@contextmanager
def make_folder(prefix: str) -> Iterator[Path]:
    """A folder in /tmp; what other users' processes leave in it is ignored when it is removed."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def print_result(result: LoadResult) -> None:
    """Print the figures of any round."""
    p50, p95 = result.p50_p95
    shares = ", ".join(f"{name} {share:.0%}" for name, share in result.cpu_shares.items())
    pictures = f"{result.successes} pictures, {result.pictures_per_second:.2f} a second"
    print(f"  {pictures}, median {p50:.2f} s, p95 {p95:.2f} s; of the {CORE_COUNT} cores: {shares}")


def check_errors(result: LoadResult, charges: dict[str, int]) -> None:
    """No errors, and exactly one vendor call for each picture."""
    check_aim(f"errors: {sum(result.errors.values())} (aim 0) {dict(result.errors) or ''}", not result.errors)
    calls, duplicates = charges["calls"], charges["duplicates"]
    is_deduplicated = duplicates == 0 and calls == result.successes  # Locust waits for open runs at the end
    check_aim(f"duplicate calls: {duplicates} (aim 0), {calls} calls for {result.successes} pictures", is_deduplicated)


def measure_slow_vendor(folder: Path, pictures: str) -> None:
    """50 visitors on a vendor that answers in two seconds."""
    plan = make_restoration_plan("vendor", 50, 210, THINK_S, pictures)
    pauses = f"a vendor that answers in {VENDOR_DELAY_S:.0f} s, {THINK_S:.0f} s between two runs"
    print(f"{plan.visitors} visitors, {pauses}:")
    with (
        run_vendor(VENDOR_DELAY_S) as address,
        run_replicas(folder, {**VENDOR_KEYS, **SHORT_RETENTION, "MEITU_BASE_URL": address}) as (app,),
    ):
        result = run_load(plan, app.url, folder, [app.pid])
        charges = httpx.get(f"{address}/charges").json()
    print_result(result)
    check_aim(f"p95 {result.p50_p95[1]:.2f} s (aim < {MAX_P95_S:.0f} s)", result.p50_p95[1] < MAX_P95_S)
    check_errors(result, charges)
    early, middle, late = result.memory_mb
    growth = late / middle - 1
    sizes, aim = f"{early:.0f}, {middle:.0f}, {late:.0f} MB", f"(aim < {MAX_MEMORY_GROWTH:.0%})"
    check_aim(f"memory {sizes}: {growth:+.1%} in the second half {aim}", growth < MAX_MEMORY_GROWTH)


class EngineResult(NamedTuple):
    """Figures of the bare engine with a queue as long as the app's. waits: seconds from queueing to the picture."""

    pictures_per_second: float
    waits: list[float]


def measure_engine(pictures: str, callers: int, seconds: float) -> EngineResult:
    """Decode, draw and encode in as many threads as the app uses; a served caller joins the queue again."""
    endpoint = CATALOGUE["anime_avatar"]
    start = time.monotonic()
    queue = deque((index, start) for index in range(callers))  # (the picture's number, time of queueing)
    waits: list[tuple[float, float]] = []

    def process_queue(_: int) -> None:
        while time.monotonic() < start + seconds:
            index, queued_at = queue.popleft()
            apply_effect(endpoint, Path(pictures % index).read_bytes(), {"version": "1.0.0"})
            now = time.monotonic()
            waits.append((now, now - queued_at))
            queue.append((index + callers, now))

    with ThreadPoolExecutor(MAX_CONCURRENT) as pool:
        list(pool.map(process_queue, range(MAX_CONCURRENT)))
    full_queue_waits = [waited for _, waited in waits[callers:]]  # the queue was shorter for the first callers
    return EngineResult(len(waits) / (max(waits)[0] - start), full_queue_waits)


def measure_offline(folder: Path, pictures: str) -> None:
    """20 visitors on the offline engine without pauses, against the bare engine."""
    plan = LoadPlan("offline", "anime-avatar-run", ("1.0.0",), 20, ROUND_S, 0.0, pictures)
    print(f"{plan.visitors} visitors on the offline engine (anime avatar, 640×640), without a pause:")
    measure_engine(pictures, plan.visitors, 5)  # loads the models
    rounds: list[LoadResult] = []
    engine_results = [measure_engine(pictures, plan.visitors, ROUND_S)]
    for _ in range(ROUNDS):
        with run_replicas(folder, {"MODE": "offline"}) as (app,):
            rounds.append(run_load(plan, app.url, folder, [app.pid]))
        print_result(rounds[-1])
        engine_results.append(measure_engine(pictures, plan.visitors, ROUND_S))
    errors = sum((result.errors for result in rounds), Counter())
    check_aim(f"errors: {sum(errors.values())} (aim 0) {dict(errors) or ''}", not errors)
    fewest, most = zip(*(result.min_max_pictures for result in rounds), strict=True)
    spread = max(high - low for low, high in zip(fewest, most, strict=True))
    text = f"pictures of each visitor: {min(fewest)} to {max(most)}, {spread} apart"
    check_aim(f"{text} (aim: at most {MAX_PICTURE_SPREAD})", spread <= MAX_PICTURE_SPREAD)
    ratio = fmean(one.pictures_per_second for one in rounds) / fmean(one.pictures_per_second for one in engine_results)
    rates = ", ".join(f"{one.pictures_per_second:.2f}" for one in engine_results)
    text = f"engine alone {rates} a second before, between and after: {ratio:.2f} of it"
    check_aim(f"{text} (aim ≥ {MIN_ENGINE_RATIO})", ratio >= MIN_ENGINE_RATIO)
    p95 = float(np.percentile(np.hstack([one.waits for one in rounds]), 95))
    engine_p95 = float(np.percentile(np.hstack([one.waits for one in engine_results]), 95))
    ratio = engine_p95 / p95
    text = f"p95 {p95:.2f} s, in line for the engine alone {engine_p95:.2f} s: {ratio:.2f}"
    check_aim(f"{text} (aim ≥ {MIN_ENGINE_RATIO})", ratio >= MIN_ENGINE_RATIO)


def measure_replicas(folder: Path, pictures: str) -> None:
    """One replica and two, behind nginx and on one PostgreSQL, with visitors who hardly pause."""
    binaries, nginx = find_binaries(), shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if binaries is None or nginx is None:
        check_aim("replicas: PostgreSQL or nginx is missing (apt-get install postgresql nginx-light)", False)
        return
    plan = make_restoration_plan("replicas", 50, 60, 0.5, pictures)
    pauses = f"the same vendor, {plan.think_s} s between two runs"
    print(f"{plan.visitors} visitors, {pauses}, behind nginx with PostgreSQL:")
    results: list[LoadResult] = []
    for replica_count in (1, 2):
        with ExitStack() as stack:
            server = PostgresServer(binaries, stack.enter_context(make_folder("load_pg_")))
            server.start()
            stack.callback(server.stop)
            address = stack.enter_context(run_vendor(VENDOR_DELAY_S))
            environ = {"MEITU_BASE_URL": address, "DATABASE_URL": server.build_url(), "TRUSTED_PROXIES": "127.0.0.1"}
            started = stack.enter_context(run_replicas(folder, {**VENDOR_KEYS, **environ}, replica_count))
            ports = [replica.port for replica in started]
            nginx_folder = stack.enter_context(make_folder("load_nginx_"))
            url, _ = stack.enter_context(run_nginx(nginx, nginx_folder, [ports[0], ports[-1]]))
            result = run_load(plan, url, folder, [replica.pid for replica in started])
            charges = httpx.get(f"{address}/charges").json()
        print(f" {replica_count} replica{'s' if replica_count > 1 else ''}:")
        print_result(result)
        check_errors(result, charges)
        results.append(result)
    ratio = results[1].pictures_per_second / results[0].pictures_per_second
    check_aim(f"throughput of two to one: {ratio:.2f} (aim ≥ {MIN_TWO_REPLICA_RATIO})", ratio >= MIN_TWO_REPLICA_RATIO)
    print(f"  {CORE_COUNT} cores hold the load, nginx, PostgreSQL and both replicas: this shows that two lose nothing,")
    print("  not that they double the throughput; for that each needs its own cores.")


if __name__ == "__main__":
    sys.exit(main())
