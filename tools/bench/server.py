"""Servers for the rows about the app: ours and Gradio's simplest, each in a process of its own on a free port."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

ONE_BUTTON_APP = """
import sys, gradio as gr
with gr.Blocks(analytics_enabled=False) as demo:
    gr.Button("Run")
    def same(photo: gr.FileData) -> gr.FileData:
        return gr.FileData(path=photo["path"])
    gr.api(same, api_name="same")
demo.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""
DEMO_COMMAND = [sys.executable, "app.py"]
BASELINE_COMMAND = [sys.executable, "-c", ONE_BUTTON_APP]


@contextmanager
def run_server(command: list[str]) -> Iterator[tuple[str, float, int]]:
    """(URL, seconds from the start to the first page, process id) of `command`, stopped afterwards."""
    port = _find_free_port()
    environ = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "MODE": "offline", "LOG_LEVEL": "ERROR"}
    start = time.perf_counter()
    arguments = command if command is DEMO_COMMAND else [*command, str(port)]
    with subprocess.Popen(arguments, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}/"
            _wait_until_ready(url, process)
            yield url, time.perf_counter() - start, process.pid
        finally:
            process.terminate()
            process.wait(20)


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(3000):
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                page.read()
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            if process.poll() is not None:
                raise RuntimeError(f"the server stopped with {process.returncode}") from None
            time.sleep(0.02)
    raise RuntimeError("the server did not answer within a minute")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
