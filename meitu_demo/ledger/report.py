"""The owner's figures: a day's calls by provider, refusals and unknowns by reason, and rows as CSV.

Imports `store` and `tables`.
"""

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

from sqlalchemy import func, select

from .store import Store
from .tables import COUNTED, UNDER_WAY, State, calls

TIMES = ("reserved_at", "sent_at", "settled_at", "lease_until")


@dataclass(frozen=True, slots=True)
class Tally:
    """A provider's calls in a span of time. Refusals and unknowns by the vendor's code or, without one, the cause."""

    provider: str
    states: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    unknowns: Counter[str] = field(default_factory=Counter)

    @property
    def spent(self) -> int:
        """The calls that count against the budget."""
        return sum(self.states[state] for state in COUNTED)

    @property
    def under_way(self) -> int:
        """The calls that are reserved or sent and have not ended."""
        return sum(self.states[state] for state in UNDER_WAY)


def tally(store: Store, since: float, until: float) -> list[Tally]:
    """The calls reserved from `since` up to `until` (seconds since 1970), by provider in alphabetical order."""
    columns = (calls.c.provider, calls.c.state, calls.c.vendor_code, calls.c.cause)
    span = (calls.c.reserved_at >= since, calls.c.reserved_at < until)
    query = select(*columns, func.count().label("calls")).where(*span).group_by(*columns)
    found: dict[str, Tally] = {}
    with store.database.reading() as connection:
        for provider, state, code, cause, count in connection.execute(query):
            of_provider = found.setdefault(provider, Tally(provider))
            of_provider.states[state] += count
            if state == State.REFUSED:
                of_provider.refusals[code or cause or "?"] += count
            elif state == State.UNKNOWN:
                of_provider.unknowns[code or cause or "?"] += count
    return [found[provider] for provider in sorted(found)]


def as_text(tallies: Iterable[Tally]) -> str:
    """A small table, then what was refused and what is unknown."""
    heads = ("provider", "spent", "confirmed", "unknown", "under way", "refused", "released")
    lines = [f"{heads[0]:<12}" + "".join(f"{head:>11}" for head in heads[1:])]
    notes = []
    for one in tallies:
        states = one.states
        ends = [states[state] for state in (State.CONFIRMED, State.UNKNOWN)]
        figures = [one.spent, *ends, one.under_way, states[State.REFUSED], states[State.RELEASED]]
        lines.append(f"{one.provider:<12}" + "".join(f"{figure:>11}" for figure in figures))
        for title, reasons in (("refused", one.refusals), ("may have been billed", one.unknowns)):
            if reasons:
                listed = " · ".join(f"{reason} × {count}" for reason, count in reasons.most_common())
                notes.append(f"{one.provider}, {title}: {listed}")
    return "\n".join([*lines, *([""] if notes else []), *notes])


def write_csv(store: Store, since: float, until: float, file: TextIO) -> int:
    """The rows reserved from `since` up to `until` as CSV, times in ISO 8601; how many there are."""
    span = (calls.c.reserved_at >= since, calls.c.reserved_at < until)
    query = select(calls).where(*span).order_by(calls.c.reserved_at, calls.c.id)
    names = [column.name for column in calls.columns]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    count = 0
    with store.database.reading() as connection:
        for row in connection.execute(query).mappings():
            writer.writerow([_iso(row[name]) if name in TIMES else row[name] for name in names])
            count += 1
    return count


def _iso(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
