"""Shutdown: in order at the first signal, at once at the second."""

import signal
import subprocess
import sys
import time

import httpx

from process.app_process import PROJECT, run_demo

SERVER = """
import asyncio, sys
from meitu_demo.runtime import http_server

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": kind + ".complete"})
            print(kind, flush=True)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})

async def before_shutdown():
    print("before", flush=True)
    await asyncio.sleep(float(sys.argv[1]))

socket = http_server.bind_socket("127.0.0.1", 0)
print(socket.getsockname()[1], flush=True)
http_server.GracefulServer(app, before_shutdown).run([socket])
"""


def start(seconds: float) -> subprocess.Popen[str]:
    """Start a server whose `before_shutdown` takes `seconds`; returns when it is up."""
    command = [sys.executable, "-c", SERVER, str(seconds)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline())
    assert process.stdout.readline() == "lifespan.startup\n"
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200  # until then a signal would only end the start
    return process


def test_first_signal_shuts_down_in_order() -> None:
    """First the calls end, then the app does."""
    process = start(0.0)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=60)
    assert output.split() == ["before", "lifespan.shutdown"]


def test_interrupt_ends_the_demo_without_a_stack_trace() -> None:
    """Nor does the thread that draws the first screen leave one."""
    with run_demo() as demo:
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(60) == 0
    assert not any("Traceback" in line for line in demo.output)


def test_second_signal_kills_at_once() -> None:
    """Whatever the first one waits for."""
    process = start(60.0)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "before\n"
    signalled_s = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM
    assert time.monotonic() - signalled_s < 5.0
