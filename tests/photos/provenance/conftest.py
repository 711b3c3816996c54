"""A reader of metadata that is not ours: ExifTool."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from support.exiftool import EXIFTOOL_MISSING

Read = Callable[[bytes], dict[str, Any]]


@pytest.fixture(scope="session")
def exiftool() -> Read:
    """Reads everything ExifTool finds in a file, as {"group:tag": value}; skips where there is none, but not in CI."""
    program = shutil.which("exiftool")
    if program is None and os.environ.get("CI") == "true":
        pytest.fail(EXIFTOOL_MISSING)
    if program is None:
        pytest.skip(EXIFTOOL_MISSING)

    def read(data: bytes) -> dict[str, Any]:
        command = [program, "-json", "-a", "-G1", "-struct", "-validate", "-all:all", "-"]
        done = subprocess.run(command, input=data, capture_output=True, timeout=60, check=True)
        (found,) = json.loads(done.stdout)
        return dict(found)

    return read
