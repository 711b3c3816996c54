"""Opens SQLite or PostgreSQL and runs transactions; every database error becomes LedgerUnavailable.

The URL holds a password: it is never printed, logged, or put into an error.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from ..domain.errors import LedgerUnavailable
from .tables import metadata

LOG = logging.getLogger(__name__)
ADVISORY_LOCK_ID = 0x6D65_6974_75  # "meitu"; PostgreSQL's advisory lock under which calls are reserved
DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


class Database:
    """A connection pool for `threads` threads. Folder and tables are created at first use.

    url: ``sqlite:///data/ledger.db`` or ``postgresql://user:password@host/name``; ValueError for any other kind.
    timeout_s: how long to wait for a lock, a free connection, or a server that does not answer.
    """

    def __init__(self, url: str, *, threads: int = 4, timeout_s: float = 10.0) -> None:
        self._url = _parse_url(url)
        self._timeout_s = timeout_s
        self._sqlite = self._url.drivername.startswith("sqlite")
        self._schema_ready = False
        self._engine = self._make_engine(threads)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction, committed at the end. Raises LedgerUnavailable."""
        with self._translate_errors(), self._begin() as connection:
            yield connection

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A transaction that excludes all other exclusive ones, in any process, until it is committed."""
        with self._translate_errors(), self._begin() as connection:
            self._lock(connection)
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A read-only connection that blocks no writer; each statement is consistent. Raises LedgerUnavailable."""
        with self._translate_errors(), self._engine.connect() as connection:
            yield connection

    @property
    def is_file(self) -> bool:
        """Whether this is a file on this machine rather than a server."""
        return self._sqlite

    def is_missing(self) -> bool:
        """Whether this is a file that does not exist yet. Does not create it."""
        return self._sqlite and not Path(self._url.database or "").exists()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            if not self._schema_ready:
                self._create_schema()
            yield
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            # Not chained and not quoted: database errors hold paths, hosts and statements.
            LOG.warning("the ledger is out of reach: %s", _error_name(error))
            raise LedgerUnavailable(cause=_error_name(error)) from None

    def _create_schema(self) -> None:
        """Create folder and tables, under the lock: several threads and processes may start at once."""
        if self._sqlite:
            Path(self._url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._begin() as connection:
            self._lock(connection)
            metadata.create_all(connection)
            _add_missing_columns(connection)
        self._schema_ready = True

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def _lock(self, connection: Connection) -> None:
        if not self._sqlite:  # SQLite's BEGIN IMMEDIATE has locked out other writers already
            connection.execute(select(func.set_config("lock_timeout", f"{self._timeout_s * 1000:.0f}", True)))
            connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK_ID)))

    def _make_engine(self, threads: int) -> Engine:
        options: dict[str, Any] = {
            "pool_size": threads,
            "max_overflow": threads,
            "pool_timeout": self._timeout_s,
            "hide_parameters": True,
        }
        if self._sqlite:
            engine = create_engine(self._url, connect_args={"timeout": self._timeout_s}, **options)
            event.listen(engine, "connect", self._configure_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        return create_engine(
            self._url,
            # Each statement after the lock must see what was committed before it, whatever the server's default is.
            isolation_level="READ COMMITTED",
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": max(2, round(self._timeout_s)),
                "tcp_user_timeout": round(self._timeout_s * 1000),
                "keepalives_idle": 10,  # for a server that falls silent in the middle of an answer
                "keepalives_interval": 5,
                "keepalives_count": 2,
                "prepare_threshold": None,  # connection poolers do not support prepared statements
            },
            **options,
        )

    def _configure_sqlite(self, connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # `_begin_sqlite` sends BEGIN: the driver would send it too late
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:  # another process switches to WAL; SQLite's timeout does not cover this
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        connection.execute("PRAGMA synchronous = FULL")  # a committed row survives a power cut


def _add_missing_columns(connection: Connection) -> None:
    """Migrate a ledger of an earlier version: add new columns, each with a default that is true of old rows."""
    for table in metadata.sorted_tables:
        existing = {column["name"] for column in inspect(connection).get_columns(table.name)}
        for column in table.columns:
            if column.name not in existing:
                definition = CreateColumn(column).compile(dialect=connection.dialect)
                connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _parse_url(text: str) -> URL:
    try:
        url = make_url(text)
    except (SQLAlchemyError, ValueError):
        raise ValueError("the database's URL cannot be read") from None
    if url.drivername not in DRIVERS:
        raise ValueError("the database's URL must begin with sqlite:/// or postgresql://")
    url = url.set(drivername=DRIVERS[url.drivername])
    if url.drivername.startswith("sqlite") and (url.database or ":memory:").startswith((":memory:", "file:")):
        raise ValueError("the ledger's SQLite database must be a plain file: sqlite:///folder/name.db")
    return url


def _error_name(error: BaseException) -> str:
    """The failure in one word: SQLITE_BUSY, an SQLSTATE, or the name of the exception."""
    origin = getattr(error, "orig", None) or error
    return str(getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None) or type(origin).__name__)
