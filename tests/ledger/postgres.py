"""A PostgreSQL server for tests.

A plugin of tests/conftest.py, because other packages than this one need a database, too.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.load.postgres import PostgresServer, find_binaries

WHERE_THERE_IS_NONE = "PostgreSQL's server is not installed here (apt-get install postgresql)"
_schemas = itertools.count()

FreshUrl = Callable[[], str]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running server; skips where there is none to run, but not in CI."""
    binaries = find_binaries()
    if binaries is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(WHERE_THERE_IS_NONE)
    folder = Path(tempfile.mkdtemp(prefix="ledger_pg_", dir="/tmp"))  # a socket's path must be short
    server = PostgresServer(binaries, folder)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(postgres: PostgresServer) -> FreshUrl:
    """Makes URLs of empty databases on PostgreSQL."""
    import psycopg

    def make() -> str:
        schema = f"ledger_{next(_schemas)}"
        with psycopg.connect(postgres.build_url(), autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")  # type: ignore[arg-type]  # a name of our own
        return postgres.build_url(schema)

    return make
