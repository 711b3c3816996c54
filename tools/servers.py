"""Free ports, and waiting until a server process answers."""

import contextlib
import random
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable

PORTS = (20_000, 32_000)  # below Linux's ephemeral ones
MAX_START_S = 180.0  # the machine may be busy


def find_free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on, and that the system gives to no connection by itself."""
    while True:
        port = random.randrange(*PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", read_log: Callable[[], str] = str) -> None:
    """Return as soon as `url` answers with success. Raises TimeoutError, or RuntimeError if `process` ends first."""
    deadline = time.monotonic() + MAX_START_S
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                page.read()
                return
        except OSError:  # URLError and HTTPError included
            if process.poll() is not None:
                raise RuntimeError(f"exited with {process.returncode}: {read_log()[-2000:]}") from None
            time.sleep(0.02)
    raise TimeoutError(f"nothing answers at {url}: {read_log()[-2000:]}")
