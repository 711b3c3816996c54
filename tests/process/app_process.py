"""The demo as its owner starts it: app.py in a process of its own, with nothing but these settings."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from support.uvicorn_server import free_port

PROJECT = Path(__file__).resolve().parents[2]
STARTED_WITHIN_S = 90.0  # on a machine that may be busy


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Only what a process needs, and `settings`; each blank in .env counts as not set."""
    needed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    places = {"DATA_DIR": str(folder / "data"), "GRADIO_TEMP_DIR": str(folder / "uploads")}
    return {**needed, **places, "PYTHONUNBUFFERED": "1", **settings}


def refused(folder: Path, **settings: str) -> tuple[int, str]:
    """The exit code and the words of a start that fails."""
    command = [sys.executable, "app.py"]
    run = subprocess.run(
        command, cwd=PROJECT, env=environment(folder, **settings), capture_output=True, text=True, timeout=90
    )
    return run.returncode, (run.stdout + run.stderr).strip()


@dataclass
class Demo:
    """A running demo. printed: its lines so far."""

    process: subprocess.Popen[str]
    url: str
    folder: Path
    printed: list[str] = field(default_factory=list)

    def logged(self) -> list[dict[str, Any]]:
        """The lines so far, each of which must be a JSON object."""
        return [json.loads(line) for line in self.printed]

    def upload(self, data: bytes) -> httpx.Response:
        """A photo, as the page uploads it."""
        return httpx.post(f"{self.url}/gradio_api/upload", files={"files": ("me.jpg", data)}, timeout=30)

    def call(self, name: str, *data: Any) -> tuple[str, Any]:
        """(event, data) at the end of an API call."""
        url = f"{self.url}/gradio_api/call/{name}"
        event = httpx.post(url, json={"data": data}, timeout=30).json()["event_id"]
        text = httpx.get(f"{url}/{event}", timeout=60).text
        kind, _, value = text.strip().split("\n\n")[-1].partition("\ndata: ")
        return kind.removeprefix("event: "), json.loads(value)


@contextmanager
def demo(**settings: str) -> Iterator[Demo]:
    """Start it, and see to it that it is gone at the end."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=PROJECT, env=environment(folder, PORT=str(port), **settings),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        running = Demo(process, f"http://127.0.0.1:{port}", folder)
        reader = threading.Thread(target=_read, args=(running,), daemon=True)
        reader.start()
        try:
            _await(running)
            yield running
        finally:
            process.kill()
            process.wait(10)
            reader.join(10)


def _read(running: Demo) -> None:
    assert running.process.stdout is not None
    for line in running.process.stdout:
        running.printed.append(line.rstrip("\n"))


def _await(running: Demo) -> None:
    end = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < end:
        assert running.process.poll() is None, running.printed
        try:
            if httpx.get(f"{running.url}/healthz", timeout=STARTED_WITHIN_S).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise TimeoutError("the demo did not start")
