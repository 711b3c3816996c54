"""Checks a built image: sizes, health, the four API calls, writable paths, a stop during a paid call."""

import tempfile
import threading
import time
from pathlib import Path

import httpx
from dotenv import dotenv_values
from gradio_client import Client, handle_file
from PIL import Image as Picture

from meitu_demo.engine import sample_photos

from ..load.vendor import run_vendor
from ..servers import find_free_port
from . import rooted
from .build import BuiltImage
from .contained import RunningContainer, run_container

PROJECT = Path(__file__).resolve().parents[2]
API_CALLS = {
    "/face_fuse": {"template_id": "gjw4tjeloaba2psk973"},
    "/anime_avatar": {"version": "2.0.0"},
    "/quality_restoration": {},
    "/facial_aesthetics": {"shape_type": 8, "strength": 0.5},
}
MAX_START_S = 60.0
MAX_STOP_S = 10.0  # `docker stop` kills after this time
WRITABLE_PATHS_SCRIPT = """
import os
for path, folders, _ in os.walk("/"):
    folders[:] = [] if path == "/proc" else folders
    if os.access(path, os.W_OK):
        folders[:] = []
        print(path)
"""
VENDOR_DELAY_S = 2.0


class Report:
    """Prints each claim and whether it holds."""

    def __init__(self) -> None:
        self.all_passed = True

    def __call__(self, passed: bool, claim: str) -> None:
        self.all_passed &= passed
        print(f"  {'ok ' if passed else 'NO '} {claim}", flush=True)


def run_checks(image: BuiltImage, folder: Path) -> bool:
    """Print all checks; returns whether every claim holds."""
    report = Report()
    print("\nAt rest")
    for name, megabytes in rooted.measure_sizes(image.root).items():
        print(f"      {megabytes:5.0f} MB  {name}")
    build_tools, uncompiled = rooted.find_build_tools(image.root), rooted.find_uncompiled_modules(image.root)
    report(not build_tools, f"no build tools, pip or uv inside {build_tools or ''}")
    report(not uncompiled, f"every module has its byte code {uncompiled[:3] or ''}")
    log = folder / "log.txt"
    log.unlink(missing_ok=True)
    base_settings = {**_load_example_settings(), "PORT": str(find_free_port())}
    with tempfile.TemporaryDirectory(prefix="volume-", dir=folder) as volume:
        print("\nRunning, as uid 1000, root read-only, /tmp in memory")
        with run_container(image, Path(volume), log, base_settings) as app:
            _check_running(app, report)
        print(f"\nStopped in mid-call, with a vendor that takes {VENDOR_DELAY_S:.0f} s")
        with run_vendor(VENDOR_DELAY_S) as address:
            keys = {"MEITU_API_KEY": "a-key-for-a-trial", "MEITU_API_SECRET": "a-secret-for-a-trial"}
            settings = {**base_settings, "MEITU_BASE_URL": address, **keys}
            with run_container(image, Path(volume), log, settings) as app:
                _check_stop(app, address, report)
            with run_container(image, Path(volume), log, settings) as app:  # with the same volume
                healthy = _wait_until_healthy(app)
                command = ("python", "-m", "meitu_demo.ledger", "--csv")
                ledger_csv = app.run_command(*command).stdout if healthy else ""
        report("confirmed" in ledger_csv, f"the ledger in the volume says how it ended: {_list_states(ledger_csv)}")
    if not report.all_passed:
        print(f"\nThe log: {log}")
    return report.all_passed


def _load_example_settings() -> dict[str, str]:
    """The environment that `docker run --env-file` makes of .env.example."""
    return {name: value or "" for name, value in dotenv_values(PROJECT / ".env.example", interpolate=False).items()}


def _check_running(app: RunningContainer, report: Report) -> None:
    start = time.perf_counter()
    healthy = _wait_until_healthy(app)
    report(healthy, f"healthy {time.perf_counter() - start:.1f} s after its start")
    if not healthy:
        return
    client = Client(_build_url(app), verbose=False)
    for name, values in API_CALLS.items():
        start = time.perf_counter()
        path, details = client.predict(handle_file(str(sample_photos.find_astronaut_file())), api_name=name, **values)
        with Picture.open(path) as picture:
            picture.load()
            size = picture.size
        report(details["mode"] == "offline" and min(size) > 100, f"{name}: {size}, {time.perf_counter() - start:.1f} s")
    status = app.run_command("cat", "/proc/1/status").stdout
    is_user = "\nUid:\t1000\t1000\t1000\t1000\n" in status
    report(is_user and "CapBnd:\t0000000000000000" in status, "process 1 is uid 1000")
    writable = set(app.run_command("python", "-c", WRITABLE_PATHS_SCRIPT).stdout.split()) - {"/dev/shm"}
    report(writable == {"/tmp", "/data"}, f"written can be {' and '.join(sorted(writable))} alone")
    seconds, code = app.stop(MAX_STOP_S)
    report(code == 0 and seconds < MAX_STOP_S, f"stopped while idle in {seconds:.1f} s, exit code {code}")


def _check_stop(app: RunningContainer, vendor: str, report: Report) -> None:
    if not _wait_until_healthy(app):
        report(False, "healthy")
        return
    outcomes: list[object] = []
    call = threading.Thread(target=lambda: outcomes.append(_make_paid_call(app)), daemon=True)
    call.start()
    report(_wait_for_call(vendor), "a paid call has reached the vendor")
    seconds, code = app.stop(MAX_STOP_S)
    report(code == 0 and seconds < MAX_STOP_S, f"stopped in {seconds:.1f} s, exit code {code}")
    call.join(10)
    print(f"      its caller saw: {outcomes[0] if outcomes else 'nothing yet'}")


def _wait_for_call(vendor: str) -> bool:
    deadline = time.perf_counter() + 30
    while time.perf_counter() < deadline:
        if httpx.get(f"{vendor}/charges").json()["calls"]:
            return True
        time.sleep(0.05)
    return False


def _make_paid_call(app: RunningContainer) -> object:
    """The call's details, or its error as text."""
    photo = handle_file(str(sample_photos.find_astronaut_file()))
    try:
        return Client(_build_url(app), verbose=False).predict(photo, consent=True, api_name="/quality_restoration")[1]
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:90]}"


def _build_url(app: RunningContainer) -> str:
    return f"http://127.0.0.1:{app.environ['PORT']}"


def _wait_until_healthy(app: RunningContainer) -> bool:
    deadline = time.perf_counter() + MAX_START_S
    while time.perf_counter() < deadline and app.launcher.poll() is None:
        if app.run_command(*app.image.health_command).returncode == 0:
            return True
        time.sleep(0.1)
    return False


def _list_states(ledger_csv: str) -> str:
    rows = [line.split(",") for line in ledger_csv.splitlines()]
    has_states = rows and "state" in rows[0]
    return ", ".join(row[rows[0].index("state")] for row in rows[1:]) if has_states else ledger_csv[:200]
