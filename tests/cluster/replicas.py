"""Replicas of the demo as processes of their own behind Debian's nginx, with the configuration that the project ships."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from browser.serving import free_port

import meitu_demo

PROJECT = Path(meitu_demo.__file__).resolve().parents[1]
STARTED_WITHIN, STOPPED_WITHIN = 60.0, 20.0
MAIN = """
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
daemon off;
events {{ worker_connections 512; }}
http {{
    log_format told '$upstream_addr $upstream_status $request_method $uri $who';
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/demo.conf;
}}
"""


class Replica:
    """One process of the demo on a port of its own, which it keeps when it is started again."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.port = free_port()
        self._folder = folder
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it answers."""
        self._folder.mkdir(exist_ok=True)
        environ = {
            **os.environ, **self._environ, "PORT": str(self.port), "HOST": "127.0.0.1",
            "DATA_DIR": str(self._folder / "data"), "GRADIO_TEMP_DIR": str(self._folder / "uploads"),
        }  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=PROJECT, env=environ, stdout=log, stderr=log
            )
        awaited(f"http://127.0.0.1:{self.port}/healthz")

    def kill(self) -> None:
        """As a machine goes: without a word."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """As an orchestrator does it."""
        self._end(signal.SIGTERM)

    def log(self) -> str:
        """All that it has said."""
        return (self._folder / "log").read_text("utf-8", "replace")

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(STOPPED_WITHIN)
            self._process = None


@contextmanager
def proxied(folder: Path, ports: list[int]) -> Iterator[tuple[str, Path]]:
    """nginx with deploy/nginx.conf before replicas on `ports`; its address, and a log: a line for each request."""
    port = free_port()
    shipped = (PROJECT / "deploy" / "nginx.conf").read_text("utf-8")
    conf = shipped.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    for number, replica in enumerate(ports, 1):
        conf = conf.replace(f"app-{number}:7860", f"127.0.0.1:{replica}")
    assert not re.search(r"app-\d", conf)
    (folder / "demo.conf").write_text(conf)
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder))
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([nginx, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
    try:
        awaited(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}", folder / "access.log"
    finally:
        process.send_signal(signal.SIGQUIT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()


def awaited(url: str) -> None:
    """Return as soon as `url` answers. Raises TimeoutError."""
    end = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < end:
        with suppress(httpx.HTTPError):
            if httpx.get(url, timeout=2).status_code == 200:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing answers at {url}")
