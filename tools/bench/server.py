"""Servers to measure: the demo and a minimal Gradio app, each in a subprocess on a free port."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..servers import find_free_port, wait_until_ready

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
def run_server(command: list[str], *arguments: str) -> Iterator[tuple[str, float, int]]:
    """Yields (URL, seconds from the start to the first page, process id) of `command`; stops it afterwards.

    arguments: of a baseline, after its port.
    """
    port = find_free_port()
    environ = {**os.environ, "PORT": str(port), "HOST": "127.0.0.1", "MODE": "offline", "LOG_LEVEL": "ERROR"}
    start = time.perf_counter()
    full_command = command if command is DEMO_COMMAND else [*command, str(port), *arguments]
    with subprocess.Popen(full_command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            url = f"http://127.0.0.1:{port}/"
            wait_until_ready(url, process)
            yield url, time.perf_counter() - start, process.pid
        finally:
            process.terminate()
            process.wait(20)
