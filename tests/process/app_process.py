"""Runs app.py in a process of its own, with the given settings and nothing else from the environment."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tools.servers import find_free_port

PROJECT = Path(__file__).resolve().parents[2]
MAX_START_S = 90.0  # on a machine that may be busy


def build_environment(folder: Path, **settings: str) -> dict[str, str]:
    """What any process needs, and `settings`; data and uploads are in `folder`."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    folders = {"DATA_DIR": str(folder / "data"), "GRADIO_TEMP_DIR": str(folder / "uploads")}
    return {**inherited, **folders, "PYTHONUNBUFFERED": "1", **settings}


def start_and_fail(folder: Path, **settings: str) -> tuple[int, str]:
    """Exit code and output of a start that fails."""
    command = [sys.executable, "app.py"]
    run = subprocess.run(
        command, cwd=PROJECT, env=build_environment(folder, **settings), capture_output=True, text=True, timeout=90
    )
    return run.returncode, (run.stdout + run.stderr).strip()


@dataclass
class Demo:
    """A running demo. output: the lines it has printed so far, stdout and stderr."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    output: list[str] = field(default_factory=list)

    def parse_log(self) -> list[dict[str, Any]]:
        """The lines so far, each of which must be a JSON object."""
        return [json.loads(line) for line in self.output]

    def upload(self, data: bytes) -> httpx.Response:
        """Upload a photo as the page does."""
        return httpx.post(f"{self.url}/gradio_api/upload", files={"files": ("me.jpg", data)}, timeout=60)

    def call(self, name: str, *data: Any) -> tuple[str, Any]:
        """(event, data) at the end of an API call."""
        url = f"{self.url}/gradio_api/call/{name}"
        event = httpx.post(url, json={"data": data}, timeout=60).json()["event_id"]
        text = httpx.get(f"{url}/{event}", timeout=60).text
        kind, _, value = text.strip().split("\n\n")[-1].partition("\ndata: ")
        return kind.removeprefix("event: "), json.loads(value)


@contextmanager
def run_demo(program: Sequence[str] = ("app.py",), **settings: str) -> Iterator[Demo]:
    """Start the demo, wait until it answers, and kill it at the end. program: what Python runs."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), find_free_port()
        process = subprocess.Popen(
            [sys.executable, *program], cwd=PROJECT, env=build_environment(folder, PORT=str(port), **settings),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        running = Demo(process, f"http://127.0.0.1:{port}", folder)
        reader = threading.Thread(target=_read, args=(running,), daemon=True)
        reader.start()
        try:
            _await_start(running)
            yield running
        finally:
            process.kill()
            process.wait(60)
            reader.join(60)


def _read(running: Demo) -> None:
    assert running.process.stdout is not None
    for line in running.process.stdout:
        running.output.append(line.rstrip("\n"))


def _await_start(running: Demo) -> None:
    end = time.monotonic() + MAX_START_S
    while time.monotonic() < end:
        assert running.process.poll() is None, running.output
        try:
            if httpx.get(f"{running.url}/healthz", timeout=MAX_START_S).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the demo did not start")
