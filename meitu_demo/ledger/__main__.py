"""``python -m meitu_demo.ledger``: what was spent today on paid calls, what was refused, and what is unknown.

Days are UTC days, as the budgets' are. Changes nothing: a call that a dead process left is under way until its lease
has run out, and is then shown as the next app will settle it: unknown, or released if it was not sent.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..domain.errors import LedgerUnavailable
from ..settings import Settings
from .database import Database
from .limits import DAY_S
from .report import format_report, tally_calls, write_csv
from .store import Store


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report or the CSV; 1 when the database cannot be read, 2 when an argument is wrong."""
    parser = argparse.ArgumentParser(prog="python -m meitu_demo.ledger", description=__doc__)
    parser.add_argument("--database", help="another ledger's URL than that of the settings")
    parser.add_argument("--day", type=_day, default=None, help="another day than today: 2026-01-31")
    parser.add_argument("--days", type=_count, default=1, help="as many days up to that one")
    parser.add_argument("--csv", metavar="FILE", nargs="?", const="-", help="every call as CSV, to FILE or the screen")
    args = parser.parse_args(arguments)
    last_day = args.day if args.day is not None else time.time() // DAY_S * DAY_S
    since, until = last_day - (args.days - 1) * DAY_S, last_day + DAY_S
    try:
        database = Database(args.database or Settings.from_env().ledger_url(), threads=1)
        if database.is_missing():
            print("There is no ledger yet: no paid call has been made.", file=sys.stderr)  # noqa: T201
            return 0
        store = Store(database)
        if args.csv == "-":
            write_csv(store, since, until, sys.stdout)
        elif args.csv:
            with Path(args.csv).open("w", newline="", encoding="utf-8") as file:
                count = write_csv(store, since, until, file)
            print(f"{count} calls written to {args.csv}")  # noqa: T201
        else:
            days = f"{_format_day(since)} to {_format_day(last_day)}" if args.days > 1 else _format_day(last_day)
            print(f"Paid calls, {days} (UTC)\n\n{format_report(tally_calls(store, since, until))}")  # noqa: T201
    except (LedgerUnavailable, OSError) as error:
        print(f"The ledger cannot be read: {type(error).__name__} {error}", file=sys.stderr)  # noqa: T201
        return 1
    except ValueError as error:
        print(f"This needs a look: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _day(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp()


def _count(text: str) -> int:
    if int(text) < 1:
        raise ValueError(text)
    return int(text)


def _format_day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


if __name__ == "__main__":
    sys.exit(main())
