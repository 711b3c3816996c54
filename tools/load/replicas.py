"""Replicas of the app as subprocesses, and Debian's nginx with the configuration that the project ships."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import meitu_demo

from ..servers import find_free_port, wait_until_ready

PROJECT = Path(meitu_demo.__file__).resolve().parents[1]
MAX_STOP_S = 20.0
NGINX_CONF_TEMPLATE = """
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
daemon off;
events {{ worker_connections 512; }}
http {{
    log_format requests '$upstream_addr $upstream_status $request_method $uri $who';
    access_log {folder}/access.log requests;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/demo.conf;
}}
"""


class Replica:
    """One process of the app, on a port that stays the same when it is started again."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.port = find_free_port()
        self._folder = folder
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; returns when it answers. Raises RuntimeError with the end of its log if it exits."""
        self._folder.mkdir(exist_ok=True)
        environ = {
            **os.environ, **self._environ, "PORT": str(self.port), "HOST": "127.0.0.1",
            "DATA_DIR": str(self._folder / "data"), "GRADIO_TEMP_DIR": str(self._folder / "uploads"),
        }  # fmt: skip
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "app.py"], cwd=PROJECT, env=environ, stdout=log, stderr=log
            )
        wait_until_ready(f"http://127.0.0.1:{self.port}/healthz", self._process, self.read_log)

    def kill(self) -> None:
        """End it by SIGKILL, as a failing machine would."""
        self._terminate(signal.SIGKILL)

    def stop(self) -> None:
        """End it by SIGTERM, as an orchestrator does."""
        self._terminate(signal.SIGTERM)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Its process id while it runs."""
        assert self._process
        return self._process.pid

    def read_log(self) -> str:
        return (self._folder / "log").read_text("utf-8", "replace")

    def _terminate(self, signal_number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(signal_number)
            self._process.wait(MAX_STOP_S)
            self._process = None


@contextmanager
def run_nginx(nginx: str, folder: Path, ports: list[int]) -> Iterator[tuple[str, Path]]:
    """nginx with deploy/nginx.conf in front of replicas on `ports`; yields its address and its access log's path."""
    port = find_free_port()
    shipped = (PROJECT / "deploy" / "nginx.conf").read_text("utf-8")
    conf = shipped.replace("listen 8080;", f"listen 127.0.0.1:{port};")
    for number, replica in enumerate(ports, 1):
        conf = conf.replace(f"app-{number}:7860", f"127.0.0.1:{replica}")
    assert not re.search(r"app-\d", conf)
    (folder / "demo.conf").write_text(conf)
    (folder / "nginx.conf").write_text(NGINX_CONF_TEMPLATE.format(folder=folder))
    user = None
    if os.geteuid() == 0:  # may write into this folder only
        user = "nobody"
        shutil.chown(folder, user)
    process = subprocess.Popen(
        [nginx, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL, user=user, extra_groups=[]
    )
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/healthz", process, (folder / "error.log").read_text)
        yield f"http://127.0.0.1:{port}", folder / "access.log"
    finally:
        process.send_signal(signal.SIGQUIT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
