"""The log as JSON lines, whoever speaks: our loggers, a library, a print, an exception; and one line a run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import meitu_demo

PROJECT = Path(meitu_demo.__file__).resolve().parents[1]
SPEAK = """
import logging, sys, warnings
logging.basicConfig(format="%(message)s")
from pydantic import SecretStr
from meitu_demo import logs, outlets
from meitu_demo.domain.errors import ImageRejected
from meitu_demo.calls.run_log import Run
from meitu_demo.redaction.secrets import guard
key = guard(SecretStr("Kq7ZtB2mXw9LrV4cNp8HsD3f"))
outlets.install()
logs.install("json", "INFO")
logging.getLogger("uvicorn.error").warning("odd %s", "request\\nwith two lines")
print("printed", key.get_secret_value())
print("half", end=" "); print("a line", file=sys.stdout)
warnings.warn("careful")
run = Run("face_fuse", "live", True, 10)
try:
    with run.watching():
        logging.getLogger("inside").info("within")
        raise ImageRejected("image_empty")
except ImageRejected as error:
    assert error.run == run.id
logging.getLogger("outside").info("without", extra={"secret": key.get_secret_value(), "odd": object()})
raise RuntimeError("unforeseen " + key.get_secret_value())
"""


def test_every_line_is_an_object() -> None:
    """With time, level, logger and message; no secret; within a run its id; and a trace as a field."""
    run = subprocess.run(
        [sys.executable, "-c", SPEAK], cwd=PROJECT, env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert run.stdout == ""
    assert "Kq7ZtB2mXw9LrV4cNp8HsD3f" not in run.stderr
    lines = [json.loads(line) for line in run.stderr.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) and line["time"].endswith("Z") for line in lines)
    by_logger = {line["logger"]: line for line in lines}
    assert by_logger["uvicorn.error"]["message"] == "odd request\nwith two lines"
    assert [line["message"] for line in lines if line["logger"] == "stdout"][1] == "half a line"
    assert "careful" in by_logger["py.warnings"]["message"]
    told = by_logger["meitu_demo.calls.run_log"]
    assert by_logger["inside"]["run"] == told["run"]
    assert "run" not in by_logger["outside"]
    assert (told["endpoint"], told["route"], told["outcome"], told["billing"], told["bytes_in"]) == (
        "face_fuse", "live", "image_empty", "not_sent", 10,
    )  # fmt: skip
    assert "RuntimeError" in by_logger["uncaught"]["trace"]
