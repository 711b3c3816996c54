"""Tries a built image: sizes, health, the four calls from outside, what can be written, a stop in mid-call."""

import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from dotenv import dotenv_values
from gradio_client import Client, handle_file
from PIL import Image as Picture

from meitu_demo.imaging import astronaut

from . import rooted
from .build import Image
from .contained import Contained, started
from .slow_vendor import free_port, serving

PROJECT = Path(__file__).resolve().parents[2]
CALLS = {
    "/face_fuse": {"template_id": "gjw4tjeloaba2psk973"},
    "/anime_avatar": {"version": "2.0.0"},
    "/quality_restoration": {},
    "/facial_aesthetics": {"shape_type": 8, "strength": 0.5},
}
STARTED_WITHIN = 60.0
STOPPED_WITHIN = 10.0  # seconds that `docker stop` waits before it kills
WRITABLE = """
import os
for path, folders, _ in os.walk("/"):
    folders[:] = [] if path == "/proc" else folders
    if os.access(path, os.W_OK):
        folders[:] = []
        print(path)
"""
SLOW_S = 2.0  # the vendor's answer in the last trial


class Report:
    """Prints a line for each claim and remembers whether all held."""

    def __init__(self) -> None:
        self.fine = True

    def __call__(self, holds: bool, claim: str) -> None:
        self.fine &= holds
        print(f"  {'ok ' if holds else 'NO '} {claim}", flush=True)


def run(image: Image, folder: Path) -> bool:
    """Print what was seen; whether every claim held."""
    report = Report()
    print("\nAt rest")
    for name, megabytes in rooted.sizes(image.root).items():
        print(f"      {megabytes:5.0f} MB  {name}")
    report(not (left := rooted.tools(image.root)), f"no build tools, pip or uv inside {left or ''}")
    report(not (raw := rooted.uncompiled(image.root)), f"every module has its byte code {raw[:3] or ''}")
    log = folder / "log.txt"
    log.unlink(missing_ok=True)
    at = {**_copied_settings(), "PORT": str(free_port())}
    with tempfile.TemporaryDirectory(prefix="volume-", dir=folder) as volume:
        print("\nRunning, as uid 1000, root read-only, /tmp in memory")
        with started(image, Path(volume), log, at) as app:
            _at_work(app, report)
        print(f"\nStopped in mid-call, with a vendor that takes {SLOW_S:.0f} s")
        with serving(SLOW_S) as vendor:
            keys = {"MEITU_API_KEY": "a-key-for-a-trial", "MEITU_API_SECRET": "a-secret-for-a-trial"}
            settings = {**at, "MEITU_BASE_URL": vendor.url, **keys}
            with started(image, Path(volume), log, settings) as app:
                _stopped(app, vendor.arrived, report)
            with started(image, Path(volume), log, settings) as app:  # another beside the same volume
                said = app.run("python", "-m", "meitu_demo.ledger", "--csv").stdout if _healthy(app) else ""
        report("confirmed" in said, f"the ledger in the volume says how it ended: {_states(said)}")
    if not report.fine:
        print(f"\nWhat it said itself: {log}")
    return report.fine


def _copied_settings() -> dict[str, str]:
    """What `docker run --env-file .env` makes of a plain copy of .env.example."""
    return {name: value or "" for name, value in dotenv_values(PROJECT / ".env.example", interpolate=False).items()}


def _at_work(app: Contained, report: Report) -> None:
    began = time.perf_counter()
    healthy = _healthy(app)
    report(healthy, f"healthy {time.perf_counter() - began:.1f} s after its start")
    if not healthy:
        return
    client = Client(_url(app), verbose=False)
    for name, values in CALLS.items():
        began = time.perf_counter()
        path, told = client.predict(handle_file(str(astronaut.find_astronaut_file())), api_name=name, **values)
        with Picture.open(path) as picture:
            picture.load()
            size = picture.size
        report(told["mode"] == "offline" and min(size) > 100, f"{name}: {size}, {time.perf_counter() - began:.1f} s")
    status = app.run("cat", "/proc/1/status").stdout
    report(
        "\nUid:\t1000\t1000\t1000\t1000\n" in status and "CapBnd:\t0000000000000000" in status, "process 1 is uid 1000"
    )
    writable = set(app.run("python", "-c", WRITABLE).stdout.split()) - {"/dev/shm"}
    report(writable == {"/tmp", "/data"}, f"written can be {' and '.join(sorted(writable))} alone")
    seconds, code = app.stop(STOPPED_WITHIN)
    report(code == 0 and seconds < STOPPED_WITHIN, f"stopped while idle in {seconds:.1f} s, exit code {code}")


def _stopped(app: Contained, arrived: threading.Event, report: Report) -> None:
    if not _healthy(app):
        report(False, "healthy")
        return
    ended: list[object] = []
    call = threading.Thread(target=lambda: ended.append(_outcome(lambda: _paid_call(app))), daemon=True)
    call.start()
    report(arrived.wait(30), "a paid call has reached the vendor")
    seconds, code = app.stop(STOPPED_WITHIN)
    report(code == 0 and seconds < STOPPED_WITHIN, f"stopped in {seconds:.1f} s, exit code {code}")
    call.join(10)
    print(f"      its caller saw: {ended[0] if ended else 'nothing yet'}")


def _paid_call(app: Contained) -> object:
    photo = handle_file(str(astronaut.find_astronaut_file()))
    return Client(_url(app), verbose=False).predict(photo, consent=True, api_name="/quality_restoration")[1]


def _url(app: Contained) -> str:
    return f"http://127.0.0.1:{app.environ['PORT']}"


def _outcome(call: Callable[[], object]) -> object:
    try:
        return call()
    except Exception as error:  # whatever a program is told
        return f"{type(error).__name__}: {str(error)[:90]}"


def _healthy(app: Contained) -> bool:
    until = time.perf_counter() + STARTED_WITHIN
    while time.perf_counter() < until and app.outside.poll() is None:
        if app.run(*app.image.health).returncode == 0:
            return True
        time.sleep(0.1)
    return False


def _states(said: str) -> str:
    rows = [line.split(",") for line in said.splitlines()]
    return ", ".join(row[rows[0].index("state")] for row in rows[1:]) if rows and "state" in rows[0] else said[:200]
