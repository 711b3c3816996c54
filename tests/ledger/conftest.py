"""Both databases, for real, and a clock that stands still until it is told to move."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.samples import Clock
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.store import Store

from .postgres import FreshUrl

SHARED_MEMORY = Path("/dev/shm")
_schemas = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FreshUrl]:
    """Makes URLs of empty databases, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        shared = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > 64_000_000
        folder = Path(tempfile.mkdtemp(dir=SHARED_MEMORY if shared else tmp_path))
        yield lambda: f"sqlite:///{folder}/{next(_schemas)}/ledger.db"
        shutil.rmtree(folder, ignore_errors=True)
        return
    yield request.getfixturevalue("postgres_url")


@pytest.fixture
def url(fresh_url: FreshUrl) -> str:
    """The URL of one empty database."""
    return fresh_url()


@pytest.fixture
def clock() -> Clock:
    """Noon, until moved."""
    return Clock()


@pytest.fixture
def open_store(url: str, clock: Clock) -> Iterator[Callable[..., Store]]:
    """Opens stores (instances) on the same database and closes them at the end."""
    opened: list[Store] = []

    def make(*, lease: float = 90.0, patience: float = 20.0) -> Store:
        opened.append(Store(Database(url, threads=8, timeout_s=patience), clock=clock, lease_s=lease))
        return opened[-1]

    yield make
    for store in opened:
        store.database.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    """One instance on an empty database."""
    return open_store()
