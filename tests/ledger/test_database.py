"""Database: opening, and every way in which it can fail."""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import psycopg
import pytest

from ledger.samples import Clock, intent, row, states
from meitu_demo.domain.errors import LedgerUnavailable
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.limits import Budgets
from meitu_demo.ledger.store import Store

from .postgres import PostgresServer

pytestmark = pytest.mark.xdist_group("ledger")


def file_store(path: Path, *, patience: float = 0.05) -> Store:
    return Store(Database(f"sqlite:///{path}", timeout_s=patience), clock=Clock())


def test_sqlite_is_opened_durably(tmp_path: Path) -> None:
    """The folder is created for its owner only; the journal is a WAL, and a commit waits for the disk."""
    store = file_store(tmp_path / "a" / "b" / "ledger.db")
    assert store.database.is_missing()
    store.reserve(intent())
    assert not store.database.is_missing()
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700
    with store.database.snapshot() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_snapshot_blocks_no_writer(open_store: Callable[..., Store]) -> None:
    """While a report reads, calls are reserved."""
    store, other = open_store(patience=0.5), open_store(patience=0.5)
    store.reserve(intent())
    with store.database.snapshot() as connection:
        query = "SELECT count(*) FROM paid_calls"
        assert connection.exec_driver_sql(query).scalar_one() == 1
        other.reserve(intent())
    assert len(states(store)) == 2


def test_sqlite_open_waits_for_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Setting the journal mode is retried while another process holds the file, until the timeout."""
    path = tmp_path / "ledger.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE theirs (one int)")
        other.execute("BEGIN IMMEDIATE")
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)
        with pytest.raises(LedgerUnavailable):
            file_store(path).reserve(intent())
        waits: list[float] = []
        monkeypatch.setattr(time, "sleep", lambda seconds: (waits.append(seconds), other.execute("COMMIT")))
        store = file_store(path, patience=20)
        store.reserve(intent())
    assert len(waits) == 1
    assert len(states(store)) == 1


def test_exclusive_gives_up_on_a_lock(open_store: Callable[..., Store]) -> None:
    """A lock that is not released makes the ledger unavailable after the timeout, and nothing is reserved."""
    store, other = open_store(patience=0.05), open_store()
    other.sweep()
    with other.database.exclusive(), pytest.raises(LedgerUnavailable):
        store.reserve(intent())
    assert states(store) == {}
    store.reserve(intent())


@pytest.mark.parametrize("place", ["below a file", "a folder", "not a database", "empty file"])
def test_database_rejects_unusable_files(tmp_path: Path, place: str) -> None:
    """A path that cannot hold a ledger is LedgerUnavailable; an empty file can."""
    path = tmp_path / "ledger.db"
    if place == "below a file":
        path.write_text("")
        path = path / "ledger.db"
    elif place == "a folder":
        path.mkdir()
    elif place == "not a database":
        path.write_text("Dear diary, " * 1000)
    else:
        path.write_text("")
        file_store(path).reserve(intent())
        return
    for attempt in (lambda store: store.reserve(intent()), Store.sweep, lambda store: store.count_calls_today("meitu")):
        with pytest.raises(LedgerUnavailable):
            attempt(file_store(path))


def test_database_survives_a_full_disk(tmp_path: Path) -> None:
    """On a full disk nothing more is reserved, and what was written stays."""
    store = Store(Database(f"sqlite:///{tmp_path / 'ledger.db'}", threads=1), clock=Clock())
    with store.database.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    made: list[str] = []

    def go_on() -> None:
        while len(made) < 1000:
            made.append(store.reserve(intent()))

    with pytest.raises(LedgerUnavailable) as raised:
        go_on()
    assert raised.value.facts == {"cause": "SQLITE_FULL"}
    assert sorted(states(store)) == sorted(made)


def test_database_without_a_server_is_unavailable(tmp_path: Path) -> None:
    """Without the server, LedgerUnavailable; neither error nor repr shows the password."""
    store = Store(Database(f"postgresql://owner:hunter2@/ledger?host={tmp_path}", timeout_s=2), clock=Clock())
    with pytest.raises(LedgerUnavailable) as raised:
        store.reserve(intent())
    assert "hunter2" not in f"{raised.value!r} {raised.value.__cause__!r} {store.database!r}"
    assert raised.value.__suppress_context__


def test_database_reconnects(postgres: PostgresServer, postgres_url: Callable[[], str]) -> None:
    """After the server drops the connections, the next call opens another."""
    store = Store(Database(postgres_url()), clock=Clock())
    store.reserve(intent())
    with psycopg.connect(postgres.build_url(), autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    store.reserve(intent())
    assert len(states(store)) == 2
    store.database.close()


def test_transaction_rolls_back_on_an_error(store: Store) -> None:
    """If anything fails within a transaction, nothing of it is kept."""
    call = store.reserve(intent())

    def break_off() -> None:
        with store.database.exclusive() as connection:
            connection.exec_driver_sql("DELETE FROM paid_calls")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert states(store) == {call: "reserved"}


def test_database_logs_only_the_error_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log names the kind of failure, without path, statement or values."""
    path = tmp_path / "secret-folder"
    path.mkdir()
    with caplog.at_level(logging.DEBUG), pytest.raises(LedgerUnavailable):
        file_store(path).reserve(intent(), Budgets(1, 1))
    assert "SQLITE_CANTOPEN" in caplog.text
    assert "secret-folder" not in caplog.text
    assert "a" * 64 not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://u:hunter2@h/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "http://:p",
    ],
)
def test_database_rejects_unsupported_urls(url: str) -> None:
    """Another kind of database, or an in-memory one, is rejected at once, without quoting the URL."""
    with pytest.raises(ValueError, match="database") as raised:
        Database(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_database_accepts_all_postgresql_schemes(scheme: str) -> None:
    """The schemes that hosting providers use all select the same driver."""
    Database(f"{scheme}://owner@host/name").close()


def test_sqlite_is_created_concurrently(tmp_path: Path) -> None:
    """First openings at the same moment, with folder, WAL and tables, all succeed."""
    together = Barrier(6)

    def start(_number: int) -> None:
        for turn in range(8):
            store = file_store(tmp_path / str(turn) / "ledger.db", patience=20)
            together.wait(60)
            store.reserve(intent())

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(start, range(6)))
    for turn in range(8):
        store = file_store(tmp_path / str(turn) / "ledger.db")
        assert len(states(store)) == 6
        with store.database.snapshot() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_database_migrates_an_older_ledger(open_store: Callable[..., Store]) -> None:
    """Missing columns and tables are added; existing rows stay and count as the owner's."""
    store = open_store()
    call = store.reserve(intent())
    with store.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE paid_calls DROP COLUMN payer")
        connection.exec_driver_sql("DROP TABLE call_rates")
    newer = open_store()
    newer.reserve(intent())
    assert newer.count_calls_today("meitu") == 2
    assert row(newer, call)["payer"] == "owner"
