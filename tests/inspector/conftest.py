"""The stand-alone server as a process of its own, and what runs the programs that are copied."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.failure_lab_server import serve_vendor

KEYS = {
    "MEITU_API_KEY": "key-of-nobody", "MEITU_API_SECRET": "secret-of-nobody", "AILAB_API_KEY": "another-key",
    "RAPIDAPI_KEY": "market-key", "RAPIDAPI_HOST": "faces.p.rapidapi.com",
}  # fmt: skip
PACKAGES = {"curl": "curl", "node": "nodejs"}
FILES = {"curl": "call.sh", "python": "call.py", "javascript": "call.mjs"}
Execute = Callable[[str, str, bytes], subprocess.CompletedProcess[str]]


def program(name: str) -> str:
    """Where `name` is. Skips where it is not, but fails in CI."""
    found = shutil.which(name)
    if found is None:
        reason = f"{name} is not installed here, so what is copied for it is not run (apt-get install {PACKAGES[name]})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def interpreters() -> dict[str, str]:
    """What runs each language."""
    program("curl")
    return {"curl": program("sh"), "python": sys.executable, "javascript": program("node")}


@pytest.fixture
def execute(interpreters: dict[str, str], tmp_path: Path) -> Execute:
    """Runs a program as somebody would who has just copied it: beside a photo, with the keys in the environment."""

    def run(language: str, text: str, photo: bytes) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / language
        folder.mkdir(exist_ok=True)
        (folder / "result.jpg").unlink(missing_ok=True)
        (folder / "photo.jpg").write_bytes(photo)
        (folder / FILES[language]).write_text(text)
        environ = {"PATH": os.environ["PATH"], "no_proxy": "127.0.0.1", **KEYS}
        command = [interpreters[language], FILES[language]]
        return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=90, check=False)

    return run


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The stand-alone server's address."""
    with serve_vendor() as found:
        yield found
