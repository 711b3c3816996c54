"""One real process, through a day's troubles: what it logs, a full disk, a stop in the middle of a paid run."""

import json
import re
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from process.app_process import Demo, demo
from process.blocking_vendor import Vendor, vendor

FILE_NAME = "Aunt Mary 1952.jpg"


@pytest.fixture(scope="module")
def shop() -> Iterator[Vendor]:
    """The vendor that the process calls."""
    with vendor() as made:
        yield made


@pytest.fixture(scope="module")
def running(shop: Vendor) -> Iterator[Demo]:
    """The demo with keys, logging in JSON."""
    with demo(**shop.settings, LOG_FORMAT="json") as started:
        yield started


def photo_of(running: Demo, data: bytes) -> dict[str, object]:
    """An uploaded photo as a call names it."""
    path = running.upload(data).json()[0]
    return {"path": path, "orig_name": FILE_NAME, "meta": {"_type": "gradio.FileData"}}


def restore(running: Demo, photo: object) -> tuple[str, object]:
    """A paid call with consent, made again though its result may be known."""
    return running.call("quality_restoration", photo, True, True)


def ledger(running: Demo) -> list[str]:
    """How each paid call ended, in order."""
    with sqlite3.connect(running.folder / "data" / "ledger.db") as database:
        return [state for (state,) in database.execute("SELECT state FROM paid_calls ORDER BY reserved_at")]


def told_of(running: Demo, count: int) -> dict[str, dict[str, Any]]:
    """What the log says of runs, once it is that many: what the process prints is read by and by."""
    end = time.monotonic() + 10
    while True:
        lines = {line["run"]: line for line in running.logged() if line["logger"] == "meitu_demo.calls.run_log"}
        if len(lines) >= count or time.monotonic() > end:
            return lines
        time.sleep(0.02)


def test_a_run_is_one_line_that_says_nothing_of_the_person(running: Demo, portrait: bytes) -> None:
    """Its id is in the result and, of a failed one, in the explanation; each line of the process is JSON."""
    kind, answer = restore(running, photo_of(running, portrait))
    assert kind == "complete"
    report = answer[1]  # type: ignore[index]
    assert re.fullmatch(r"[0-9a-f]{8}", report["run"])
    refused_kind, refusal = running.call("quality_restoration", photo_of(running, portrait), False, False)
    assert refused_kind == "error"
    lines = told_of(running, 2)
    assert len(lines) == 2
    done, refused = lines[report["run"]], next(line for run, line in lines.items() if run != report["run"])
    assert (done["endpoint"], done["route"], done["outcome"], done["billing"]) == (
        "quality_restoration", "live", "ok", "done",
    )  # fmt: skip
    assert done["bytes_in"] == len(portrait)
    assert min(done["bytes_sent"], done["bytes_back"], done["milliseconds"]) > 0
    assert (refused["outcome"], refused["billing"], refused["bytes_sent"]) == ("missing_consent", "not_sent", None)
    assert f"[run {refused['run']}]" in json.dumps(refusal)
    everything = "\n".join(running.printed)
    assert not any(word in everything for word in ("127.0.0.1, ", FILE_NAME, "key=", str(running.folder)))


def test_a_full_disk(running: Demo, shop: Vendor, portrait: bytes) -> None:
    """An upload is refused in words; no paid call is made that cannot be written down; then all is well again."""
    photo, asked = photo_of(running, portrait), len(shop.calls)
    limits = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        upload = running.upload(portrait)
        assert upload.status_code == 507
        assert upload.text.startswith("This server has no room for your photo")
        assert re.search(r"\[run [0-9a-f]{8}\]$", upload.text)
        kind, answer = restore(running, photo)
        assert kind == "error"
        assert "Live calls are paused." in json.dumps(answer)
        assert len(shop.calls) == asked
        # Offline, but with a file at its end.
        kind, answer = running.call("facial_aesthetics", photo, 8, 0.5, False, False)
        assert kind == "error"
        assert "no room for your photo" in json.dumps(answer)
    finally:
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, limits)
    assert restore(running, photo_of(running, portrait))[0] == "complete"
    assert not list(running.folder.glob("uploads/tmp*"))


def test_a_stop_in_the_middle_of_a_paid_run(running: Demo, shop: Vendor, portrait: bytes) -> None:
    """Within seconds, though a page holds a stream open: the person is told, and the ledger says that nobody knows."""
    photo, answers = photo_of(running, portrait), []
    shop.free.clear()
    asked = len(shop.calls)
    caller = threading.Thread(target=lambda: answers.append(restore(running, photo)))
    with httpx.stream("GET", f"{running.url}/gradio_api/heartbeat/page", timeout=60) as page:
        assert page.headers["x-accel-buffering"] == "no"
        caller.start()
        end = time.monotonic() + 30
        while len(shop.calls) == asked and time.monotonic() < end:
            time.sleep(0.01)
        begun = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(15)
        took = time.monotonic() - begun
    caller.join(10)
    assert took < 9.0
    assert ledger(running)[-1] == "unknown"
    assert answers[0][0] == "error"
    assert "The demo is being restarted." in json.dumps(answers)
    assert not list(running.folder.glob("uploads/*/*"))
