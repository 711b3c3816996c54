"""The demo and other programs as subprocesses: in a clean environment, with a folder of their own, and with an end."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from .plain import ROOT, plain

MAX_WAIT_S = 60.0
DEMO = ("app.py",)
OFFLINE_SERVER = ("-m", "meitu_demo.offline")
LEDGER_REPORT = ("-m", "meitu_demo.ledger")
NATIVE = re.compile(r"^([IWEF]\d{4} |INFO: Created TensorFlow|WARNING: All log messages before absl).*\n", re.MULTILINE)
NEEDED = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
QUIET = {
    "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "GRADIO_ANALYTICS_ENABLED": "False",
    "PYTHONHASHSEED": "0",  # or sets would be told in another order each time
}  # fmt: skip


@dataclass
class Program:
    """A running program. printed: where both of its streams go."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    printed: Path
    url: str = ""

    @property
    def output(self) -> str:
        """What it has printed, without the lines of libraries in C++, whose threads come in any order."""
        return NATIVE.sub("", self.printed.read_text("utf-8"))

    def stop(self) -> list[str]:
        """Ask it to end, if it has not; what it has printed, made plain, and its exit code."""
        self.process.terminate()
        code = self.process.wait(MAX_WAIT_S)
        return [*plain(self.output).splitlines(), f"exit code {code}"]


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder whose name `plain` knows."""
    name = tempfile.mkdtemp(prefix="recorder-")
    try:
        yield Path(name)
    finally:
        shutil.rmtree(name, ignore_errors=True)


@contextmanager
def running(*arguments: str, folder: Path | None = None, must_serve: bool = True, **settings: str) -> Iterator[Program]:
    """Start it, wait until it serves (or ends, unless it `must_serve`), and see to it that it is gone at the end.

    folder: where it keeps what it writes, if that is not to be forgotten.
    """
    with temporary_folder() as temporary:
        place = folder or temporary
        places = {name: str(place / name.lower()) for name in ("DATA_DIR", "GRADIO_TEMP_DIR")}
        environ = {**NEEDED, **places, **QUIET, "HOST": "127.0.0.1", "PORT": "0", **settings}
        with (temporary / "printed").open("wb") as printed:
            command = [sys.executable, *arguments]
            process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=printed, stderr=subprocess.STDOUT)
        program = Program(process, place, temporary / "printed")
        try:
            if not _comes_to_serve(program) and must_serve:
                raise RuntimeError(f"did not start:\n{program.output}")
            yield program
        finally:
            process.kill()
            process.wait(10)


def ending(*arguments: str, **settings: str) -> list[str]:
    """What it prints until it ends, or is stopped because it serves, and its exit code."""
    with running(*arguments, must_serve=False, **settings) as program:
        return program.stop()


def _comes_to_serve(program: Program) -> bool:
    end = time.monotonic() + MAX_WAIT_S
    while time.monotonic() < end:
        found = re.search(r"(?:Open|running on) (http://[\w.:\[\]]+)", program.output)
        if found:
            program.url = found[1].replace("0.0.0.0", "127.0.0.1")
            with suppress(httpx.TransportError):
                httpx.get(f"{program.url}/healthz", timeout=10, trust_env=False)
                return True
        elif program.process.poll() is not None:
            return False
        time.sleep(0.05)
    raise TimeoutError(f"neither serves nor ends:\n{program.output}")
