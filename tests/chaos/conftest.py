"""A folder in memory for the ledger, so that tests do not wait for a busy disk."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in /dev/shm if that exists, otherwise under `tmp_path`."""
    memory = Path("/dev/shm")
    created = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))
    yield created
    shutil.rmtree(created, ignore_errors=True)
