"""The owner's report: calls by vendor, refusals and unknown outcomes by reason, and all rows as CSV.

A call whose lease has run out is reported as a sweep would settle it, because after a crash no app may sweep for long.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

from sqlalchemy import Select, and_, case, func, select

from .store import Store
from .tables import BILLABLE_STATES, LEASE_EXPIRED, OPEN_STATES, SETTLED_STATES, PaidCallState, calls

TIME_COLUMNS = ("reserved_at", "sent_at", "settled_at", "lease_until")


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a vendor's calls. refusals, unknowns: by the vendor's code or, without one, by the cause."""

    vendor_id: str
    states: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    unknowns: Counter[str] = field(default_factory=Counter)

    @property
    def billable_count(self) -> int:
        """The number of calls that count against the budget."""
        return sum(self.states[state] for state in BILLABLE_STATES)

    @property
    def open_count(self) -> int:
        """The number of calls that have not ended."""
        return sum(self.states[state] for state in OPEN_STATES)


def tally_calls(store: Store, since: float, until: float) -> list[Tally]:
    """Count the calls reserved in [since, until), in seconds since 1970; vendors in alphabetical order."""
    rows = _settled_calls(since, until, store.clock()).subquery().c
    columns = (rows.provider, rows.state, rows.vendor_code, rows.cause)
    query = select(*columns, func.count().label("calls")).group_by(*columns)
    tallies: dict[str, Tally] = {}
    with store.database.snapshot() as connection:
        for vendor_id, state, code, cause, count in connection.execute(query):
            vendor_tally = tallies.setdefault(vendor_id, Tally(vendor_id))
            vendor_tally.states[state] += count
            if state == PaidCallState.REFUSED:
                vendor_tally.refusals[code or cause or "?"] += count
            elif state == PaidCallState.UNKNOWN:
                vendor_tally.unknowns[code or cause or "?"] += count
    return [tallies[vendor_id] for vendor_id in sorted(tallies)]


def format_report(tallies: Iterable[Tally]) -> str:
    """A table of counts, then the reasons of refusals and unknown outcomes."""
    headings = ("vendor", "spent", "confirmed", "unknown", "under way", "refused", "released")
    lines = [f"{headings[0]:<12}" + "".join(f"{heading:>11}" for heading in headings[1:])]
    notes = []
    for vendor_tally in tallies:
        states = vendor_tally.states
        ends = [states[state] for state in (PaidCallState.CONFIRMED, PaidCallState.UNKNOWN)]
        figures = [
            vendor_tally.billable_count,
            *ends,
            vendor_tally.open_count,
            states[PaidCallState.REFUSED],
            states[PaidCallState.RELEASED],
        ]
        lines.append(f"{vendor_tally.vendor_id:<12}" + "".join(f"{figure:>11}" for figure in figures))
        for title, reasons in (("refused", vendor_tally.refusals), ("may have been billed", vendor_tally.unknowns)):
            if reasons:
                listed = " · ".join(f"{reason} × {count}" for reason, count in reasons.most_common())
                notes.append(f"{vendor_tally.vendor_id}, {title}: {listed}")
    return "\n".join([*lines, *([""] if notes else []), *notes])


def write_csv(store: Store, since: float, until: float, file: TextIO) -> int:
    """Write the rows reserved in [since, until) as CSV, times in ISO 8601. Returns their number."""
    query = _settled_calls(since, until, store.clock()).order_by(calls.c.reserved_at, calls.c.id)
    names = [column.name for column in calls.columns]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    count = 0
    with store.database.snapshot() as connection:
        for row in connection.execute(query).mappings():
            writer.writerow([_format_time(row[name]) if name in TIME_COLUMNS else row[name] for name in names])
            count += 1
    return count


def _settled_calls(since: float, until: float, now: float) -> Select[Any]:
    """The rows reserved in [since, until), with `state` and `cause` as they are after a sweep at `now`."""
    has_expired = and_(calls.c.state.in_(OPEN_STATES), calls.c.lease_until < now)
    swept = {
        "state": case((has_expired, case(SETTLED_STATES, value=calls.c.state)), else_=calls.c.state).label("state"),
        "cause": case((has_expired, LEASE_EXPIRED), else_=calls.c.cause).label("cause"),
    }
    columns = [swept.get(column.name, column) for column in calls.columns]
    return select(*columns).where(calls.c.reserved_at >= since, calls.c.reserved_at < until)


def _format_time(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
