"""Both databases, for real, and a clock that stands still until it is told to move."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from meitu_demo.ledger import Store
from meitu_demo.ledger.database import Database

from .given import Clock
from .postgres import Server, find_binaries

SHARED_MEMORY = Path("/dev/shm")
WHERE_THERE_IS_NONE = (
    "PostgreSQL's server is not installed here, so the ledger is tested on SQLite only (apt-get install postgresql)"
)
_schemas = itertools.count()

FreshUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server; skips where there is none to run."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(WHERE_THERE_IS_NONE)
    folder = Path(tempfile.mkdtemp(prefix="ledger_pg_", dir="/tmp"))  # a socket's path must be short
    server = Server(binaries, folder)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: Server) -> FreshUrl:
    """Makes URLs of empty databases on PostgreSQL."""

    def make() -> str:
        schema = f"ledger_{next(_schemas)}"
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")  # type: ignore[arg-type]  # a name of our own
        return postgres.url(schema)

    return make


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
        opened.append(Store(Database(url, threads=8, patience=patience), clock=clock, lease=lease))
        return opened[-1]

    yield make
    for store in opened:
        store.database.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    """One instance on an empty database."""
    return open_store()
