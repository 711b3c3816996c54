"""The owner's report and CSV, and the command that prints them."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.samples import NOON, Clock, intent
from meitu_demo.ledger.__main__ import main
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.limits import DAY_S
from meitu_demo.ledger.report import format_report, tally_calls, write_csv
from meitu_demo.ledger.store import Answer, Store, SweepResult

pytestmark = pytest.mark.xdist_group("ledger")

DAY_BEGINS = NOON - DAY_S / 2
DAY = "2027-01-15"


def spend(store: Store) -> None:
    """A day: two confirmed, two refused, one unknown, one under way, one released; and one call at the other vendor."""
    confirmed, second, refused, again, unknown, under_way = (store.reserve(intent()) for _ in range(6))
    store.release(store.reserve(intent()))
    for call in (confirmed, second, refused, again, unknown, under_way):
        store.mark_sent(call, 1000)
    store.mark_confirmed(confirmed, Answer("0", "req-1", 2000))
    store.mark_confirmed(second)
    store.mark_refused(refused, Answer("20003"))
    store.mark_refused(again, Answer("20003"))
    store.mark_unknown(unknown, "read_timeout")
    store.mark_sent(store.reserve(intent("ailab")))


def test_report_tallies_a_day(open_store: Callable[..., Store], clock: Clock) -> None:
    """What counts, what was refused and why; the next day is not included."""
    store = open_store(lease=2 * DAY_S)
    spend(store)
    clock.now += DAY_S
    store.reserve(intent())
    ailab, meitu = tally_calls(store, DAY_BEGINS, DAY_BEGINS + DAY_S)
    assert (ailab.vendor_id, ailab.billable_count, ailab.open_count) == ("ailab", 1, 1)
    assert (meitu.billable_count, meitu.open_count, meitu.states["confirmed"], meitu.states["released"]) == (4, 1, 2, 1)
    assert dict(meitu.refusals) == {"20003": 2}
    assert dict(meitu.unknowns) == {"read_timeout": 1}
    assert format_report([ailab, meitu]) == "\n".join(
        [
            "vendor            spent  confirmed    unknown  under way    refused   released",
            "ailab                 1          0          0          1          0          0",
            "meitu                 4          2          1          1          2          1",
            "",
            "meitu, refused: 20003 × 2",
            "meitu, may have been billed: read_timeout × 1",
        ]
    )


def test_report_settles_what_a_dead_process_left(store: Store, clock: Clock) -> None:
    """Until its lease runs out a call is under way; then it is unknown if it was sent, and released if it was not."""
    store.reserve(intent())
    store.mark_sent(store.reserve(intent()))
    [tally] = tally_calls(store, DAY_BEGINS, DAY_BEGINS + DAY_S)
    assert (tally.open_count, tally.states["unknown"], tally.states["released"]) == (2, 0, 0)
    clock.now += store.lease_s + 1
    [tally] = tally_calls(store, DAY_BEGINS, DAY_BEGINS + DAY_S)
    assert (tally.open_count, tally.states["unknown"], tally.states["released"]) == (0, 1, 1)
    assert dict(tally.unknowns) == {"lease_ran_out": 1}
    file = io.StringIO()
    write_csv(store, DAY_BEGINS, DAY_BEGINS + DAY_S, file)
    shown = sorted((row["state"], row["cause"]) for row in csv.DictReader(file.getvalue().splitlines()))
    assert shown == [("released", "lease_ran_out"), ("unknown", "lease_ran_out")]
    assert store.sweep() == SweepResult(1, 1)  # the report itself changed nothing


def test_csv_holds_every_call(store: Store) -> None:
    """One line per call with all columns, times in ISO 8601, and no value that a spreadsheet would run as a formula."""
    spend(store)
    file = io.StringIO()
    assert write_csv(store, DAY_BEGINS, DAY_BEGINS + DAY_S, file) == 8
    rows = list(csv.DictReader(file.getvalue().splitlines()))
    [confirmed] = [row for row in rows if row["request_id"] == "req-1"]
    assert len(rows) == 8
    assert confirmed["reserved_at"] == "2027-01-15T12:00:00.000+00:00"
    assert (confirmed["state"], confirmed["bytes_sent"], confirmed["bytes_received"]) == ("confirmed", "1000", "2000")
    assert {row["settled_at"] for row in rows if row["state"] == "sent"} == {""}
    assert not any(value[:1] in ("=", "+", "-", "@") for row in rows for value in row.values())


def test_ledger_command_prints_and_changes_nothing(
    url: str, store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It prints figures, writes CSV to stdout or a file, and changes nothing."""
    spend(store)
    assert main(["--database", url, "--day", DAY]) == 0
    output = capsys.readouterr().out
    assert output.startswith(f"Paid calls, {DAY} (UTC)")
    assert "meitu                 4" in output
    assert main(["--database", url, "--day", "2027-01-16", "--days", "3"]) == 0
    assert "2027-01-14 to 2027-01-16" in capsys.readouterr().out
    assert main(["--database", url, "--day", DAY, "--csv"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 9
    assert main(["--database", url, "--day", DAY, "--csv", str(tmp_path / "calls.csv")]) == 0
    assert "8 calls written" in capsys.readouterr().out
    assert len((tmp_path / "calls.csv").read_text().splitlines()) == 9
    assert main(["--database", url]) == 0
    assert "vendor" in capsys.readouterr().out
    assert store.count_calls_today("meitu") == 4


def test_ledger_command_without_a_usable_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing ledger is no error and is not created; an unreadable one or a bad argument is, without secrets."""
    path = tmp_path / "ledger.db"
    assert main(["--database", f"sqlite:///{path}"]) == 0
    assert "no paid call" in capsys.readouterr().err
    assert not path.exists()
    path.write_text("Dear diary, " * 1000)
    assert main(["--database", f"sqlite:///{path}"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert main(["--database", "mysql://owner:hunter2@host/name"]) == 2
    assert "hunter2" not in capsys.readouterr().err
    for wrong in (["--day", "yesterday"], ["--days", "0"]):
        with pytest.raises(SystemExit):
            main(wrong)


def test_ledger_command_on_an_empty_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty ledger is a table without rows."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Store(Database(url)).sweep()
    assert main(["--database", url]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("vendor")
