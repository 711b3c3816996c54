"""A real process: its log, a full disk, a shutdown in the middle of a paid run."""

import json
import os
import re
import resource
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from process.app_process import Demo, run_demo
from process.blocking_vendor import BlockingVendor, run_vendor

FILE_NAME = "Aunt Mary 1952.jpg"


@pytest.fixture(scope="module")
def vendor() -> Iterator[BlockingVendor]:
    """The vendor that the process calls."""
    with run_vendor() as vendor:
        yield vendor


@pytest.fixture(scope="module")
def demo(vendor: BlockingVendor) -> Iterator[Demo]:
    """The demo with keys, logging in JSON."""
    with run_demo(**vendor.settings, LOG_FORMAT="json") as demo:
        yield demo


def upload_photo(demo: Demo, data: bytes) -> dict[str, object]:
    """Upload a photo; returns its payload for a call."""
    path = demo.upload(data).json()[0]
    return {"path": path, "orig_name": FILE_NAME, "meta": {"_type": "gradio.FileData"}}


def restore(demo: Demo, photo: object) -> tuple[str, object]:
    """Make a paid call with consent, even if its result is known."""
    return demo.call("quality_restoration", photo, True, True)


def read_ledger(demo: Demo) -> list[str]:
    """The state of each paid call, in order."""
    with sqlite3.connect(demo.folder / "data" / "ledger.db") as database:
        return [state for (state,) in database.execute("SELECT state FROM paid_calls ORDER BY reserved_at")]


def wait_for_runs(demo: Demo, count: int) -> dict[str, dict[str, Any]]:
    """The log lines of runs by run id, once there are `count` of them."""
    end = time.monotonic() + 60
    while True:
        lines = {line["run"]: line for line in demo.parse_log() if line["logger"] == "meitu_demo.calls.run_log"}
        if len(lines) >= count or time.monotonic() > end:
            return lines
        time.sleep(0.02)


def test_run_log_writes_one_line_without_personal_data(demo: Demo, portrait: bytes) -> None:
    """The run's id is in the result, or in the explanation of a failure; each line of the process is JSON."""
    kind, answer = restore(demo, upload_photo(demo, portrait))
    assert kind == "complete"
    report = answer[1]  # type: ignore[index]
    assert re.fullmatch(r"[0-9a-f]{8}", report["run"])
    refused_kind, refusal = demo.call("quality_restoration", upload_photo(demo, portrait), False, False)
    assert refused_kind == "error"
    lines = wait_for_runs(demo, 2)
    assert len(lines) == 2
    success, failure = lines[report["run"]], next(line for run, line in lines.items() if run != report["run"])
    assert (success["endpoint"], success["route"], success["outcome"], success["billing"]) == (
        "quality_restoration", "live", "ok", "done",
    )  # fmt: skip
    assert success["bytes_in"] == len(portrait)
    assert min(success["bytes_sent"], success["bytes_back"], success["milliseconds"]) > 0
    assert (failure["outcome"], failure["billing"], failure["bytes_sent"]) == ("missing_consent", "not_sent", None)
    assert f"[run {failure['run']}]" in json.dumps(refusal)
    output = "\n".join(demo.output)
    assert not any(word in output for word in ("127.0.0.1, ", FILE_NAME, "key=", str(demo.folder)))


def test_full_disk_is_explained_and_stops_paid_calls(demo: Demo, vendor: BlockingVendor, portrait: bytes) -> None:
    """Uploads get 507 with an explanation, no call is paid that cannot be recorded; then all works again."""
    photo, calls_before = upload_photo(demo, portrait), len(vendor.calls)
    limits = resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        upload = demo.upload(portrait)
        assert upload.status_code == 507
        assert upload.text.startswith("The server has no room for your photo")
        assert re.search(r"\[run [0-9a-f]{8}\]$", upload.text)
        kind, answer = restore(demo, photo)
        assert kind == "error"
        assert "Live calls are paused." in json.dumps(answer)
        assert len(vendor.calls) == calls_before
        # An offline call, whose result is written to a file.
        kind, answer = demo.call("facial_aesthetics", photo, 8, 0.5, False, False)
        assert kind == "error"
        assert "no room for your photo" in json.dumps(answer)
    finally:
        resource.prlimit(demo.process.pid, resource.RLIMIT_FSIZE, limits)
    assert restore(demo, upload_photo(demo, portrait))[0] == "complete"
    assert not list(demo.folder.glob("uploads/tmp*"))


def test_shutdown_in_a_paid_run_explains_it_and_records_it_as_unknown(
    demo: Demo, vendor: BlockingVendor, portrait: bytes
) -> None:
    """Within seconds, although a page holds a stream open; no upload stays on disk."""
    photo, answers = upload_photo(demo, portrait), []
    vendor.unblocked.clear()
    calls_before = len(vendor.calls)
    caller = threading.Thread(target=lambda: answers.append(restore(demo, photo)))
    with httpx.stream("GET", f"{demo.url}/gradio_api/heartbeat/page", timeout=60) as page:
        assert page.headers["x-accel-buffering"] == "no"
        caller.start()
        end = time.monotonic() + 30
        while len(vendor.calls) == calls_before and time.monotonic() < end:
            time.sleep(0.01)
        stopped_at_s = time.monotonic()
        demo.process.send_signal(signal.SIGTERM)
        demo.process.wait(60)
        elapsed_s = time.monotonic() - stopped_at_s
    caller.join(60)
    assert elapsed_s < 20.0
    assert read_ledger(demo)[-1] == "unknown"
    assert answers[0][0] == "error"
    assert "The demo is being restarted." in json.dumps(answers)
    assert not list(demo.folder.glob("uploads/*/*"))


def test_instances_do_not_touch_each_others_files_or_those_of_others(portrait: bytes, tmp_path: Path) -> None:
    """Two share GRADIO_TEMP_DIR, where an old file of another program lies: the start of one and the end of the other
    leave it, and an upload; one that ends takes its folder along.
    """
    shared = tmp_path / "shared"
    shared.mkdir()
    foreign = shared / "tmp12345678"
    foreign.write_text("of another program")
    os.utime(foreign, (0, 0))
    with run_demo(GRADIO_TEMP_DIR=str(shared)) as one:
        path = Path(str(upload_photo(one, portrait)["path"]))
        with run_demo(GRADIO_TEMP_DIR=str(shared)) as other:
            upload_photo(other, portrait)
            other.process.terminate()
            other.process.wait(60)
        assert path.read_bytes() == portrait
        assert {entry.name for entry in shared.iterdir()} == {foreign.name, path.parents[1].name}
        one.process.terminate()
        one.process.wait(60)
    assert list(shared.iterdir()) == [foreign]
