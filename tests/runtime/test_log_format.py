"""The log as JSON lines: from our loggers, a library, a print, an uncaught exception, and one line a run."""

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from support.clock import ManualClock

import meitu_demo
from meitu_demo.runtime import log_format

PROJECT = Path(meitu_demo.__file__).resolve().parents[1]
SECRET = "Kq7ZtB2mXw9LrV4cNp8HsD3f"
SCRIPT = f"""
import logging, os, sys, warnings
import cv2, numpy as np
logging.basicConfig(format="%(message)s")
from pydantic import SecretStr
from meitu_demo.calls.run_log import RunRecord
from meitu_demo.domain.errors import ImageRejected
from meitu_demo.redaction import log_filter
from meitu_demo.redaction.secrets import register_secret
from meitu_demo.runtime import log_format
key = register_secret(SecretStr("{SECRET}"))
log_filter.install_redaction()
log_format.configure_logging("json", "INFO")
logging.getLogger("uvicorn.error").warning("odd %s", "request\\nwith two lines")
print("printed", key.get_secret_value())
print("half", end=" "); print("a line", file=sys.stdout)
warnings.warn("careful")
os.write(2, b"from C++ \\xff " + key.get_secret_value().encode() + b"\\n")
cut = cv2.imencode(".jpg", np.arange(30000, dtype=np.uint8).reshape(100, 300))[1][:-300]
cv2.imdecode(np.append(cut, np.array([255, 217], np.uint8)), 1)
os.write(2, b"without an end")
run = RunRecord("face_fuse", "live", True, 10)
try:
    with run.track():
        logging.getLogger("inside").info("within")
        raise ImageRejected("image_empty")
except ImageRejected as error:
    assert error.run == run.id
logging.getLogger("outside").info("without", extra={{"secret": key.get_secret_value(), "odd": object()}})
raise RuntimeError("unforeseen " + key.get_secret_value())
"""


def test_json_log_writes_one_object_a_line() -> None:
    """Each line has time, level, logger and message, and no secret; the run's id within a run; a trace as a field."""
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert process.stdout == ""
    assert SECRET not in process.stderr
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) and line["time"].endswith("Z") for line in lines)
    by_logger = {line["logger"]: line for line in lines}
    assert by_logger["uvicorn.error"]["message"] == "odd request\nwith two lines"
    assert [line["message"] for line in lines if line["logger"] == "stdout"][1] == "half a line"
    assert "careful" in by_logger["py.warnings"]["message"]
    from_descriptor = [line["message"] for line in lines if line["logger"] == "stderr"]
    assert from_descriptor[0].startswith("from C++ \ufffd")
    assert any("Corrupt JPEG data" in message for message in from_descriptor)
    assert from_descriptor[-1] == "without an end"
    run = by_logger["meitu_demo.calls.run_log"]
    assert by_logger["inside"]["run"] == run["run"]
    assert "run" not in by_logger["outside"]
    assert (run["endpoint"], run["route"], run["outcome"], run["billing"], run["bytes_in"]) == (
        "face_fuse", "live", "image_empty", "not_sent", 10,
    )  # fmt: skip
    assert "RuntimeError" in by_logger["uncaught"]["trace"]


def test_rate_limit_filter_writes_one_line_and_then_how_many_were_dropped() -> None:
    """Messages are told apart by their format; what has a stack trace, and errors, are never dropped."""
    clock = ManualClock()
    rate_limit, lines = log_format.RateLimitFilter(clock), []

    def log(message: str, *args: object, level: int = logging.INFO, exc_info: Any = None) -> None:
        record = logging.LogRecord("x", level, "", 0, message, args, exc_info)
        if rate_limit.filter(record):
            lines.append(record.getMessage())

    for number in range(3):
        log("%s: odd", number)
        log("other")
        log("%s: wrong", number, level=logging.ERROR)
        log("%s: trace", number, exc_info=(ValueError, ValueError(), None))
    assert lines == ["0: odd", "other", "0: wrong", "0: trace", "1: wrong", "1: trace", "2: wrong", "2: trace"]
    clock.now += log_format.INTERVAL_S
    lines.clear()
    for number in range(2):
        log("%s: odd", number)
    clock.now += 2 * log_format.INTERVAL_S
    log("other")
    assert lines == ["0: odd [and 2 more since the last line]", "other [and 2 more since the last line]"]
