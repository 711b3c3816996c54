"""The owner's caps on paid calls: so many a UTC day for each provider, so many an hour for each visitor.

They guard the owner's money: calls with a visitor's own key are neither stopped nor counted. Counted in the database
inside the transaction that reserves. Imports `errors` and `tables`.
"""

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from ..domain.errors import OverBudget, OverVisitorBudget, RateLimited
from .tables import BILLABLE_STATES, OWNER, calls, rates

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S  # days of Unix time are UTC days


@dataclass(frozen=True, slots=True)
class Budgets:
    """Caps, at least 1 each; None is no cap. `calls_per_day` holds for each provider by itself."""

    calls_per_day: int | None = None
    calls_per_hour: int | None = None

    def __post_init__(self) -> None:
        for cap in (self.calls_per_day, self.calls_per_hour):
            if cap is not None and cap < 1:
                raise ValueError("a cap on paid calls is at least 1; leave it out for none")


def check_budgets(connection: Connection, budgets: Budgets, provider: str, visitor: str, now: float) -> None:
    """Raises OverBudget or OverVisitorBudget when one more call would be too many.

    No upper bound in time: a row from a replica whose clock runs ahead counts as well.
    """
    limit = budgets.calls_per_day
    if limit is not None and count_calls_today(connection, provider, now) >= limit:
        raise OverBudget(limit=limit, provider=provider, minutes=_ceil_minutes(DAY_S - now % DAY_S))
    limit = budgets.calls_per_hour
    if limit is None:
        return
    visitor_filter = (calls.c.visitor == visitor, *_owner_billable_filter(), calls.c.reserved_at > now - HOUR_S)
    # The hour slides: a place becomes free when the oldest of the last `limit` calls is an hour old.
    oldest = select(calls.c.reserved_at).where(*visitor_filter).order_by(calls.c.reserved_at.desc()).offset(limit - 1)
    oldest_reserved_at = connection.execute(oldest.limit(1)).scalar_one_or_none()
    if oldest_reserved_at is not None:
        raise OverVisitorBudget(
            limit=limit, provider=provider, minutes=_ceil_minutes(oldest_reserved_at + HOUR_S - now)
        )


def count_calls_today(connection: Connection, provider: str, now: float) -> int:
    """The calls to `provider` that count against the cap of the day in which `now` lies."""
    today_filter = (calls.c.provider == provider, *_owner_billable_filter(), calls.c.reserved_at >= now - now % DAY_S)
    return connection.execute(select(func.count()).select_from(calls).where(*today_filter)).scalar_one()


def _owner_billable_filter() -> tuple[ColumnElement[bool], ...]:
    return calls.c.state.in_(BILLABLE_STATES), calls.c.payer == OWNER


def _ceil_minutes(seconds: float) -> int:
    return max(1, math.ceil(seconds / 60))


# MERGED ledger/pace.py: How fast one key may call: so many calls a second, shared by all instances through the
# database. The generic cell rate algorithm (ITU-T I.371) with no burst: the table holds when the key is free again,
# each call takes the next place in line. Imports `errors` and `tables`.


@dataclass(frozen=True, slots=True)
class RateLimit:
    """key: a keyed hash of the credentials. per_second: calls. longest: seconds that a call waits at most."""

    provider: str
    key_hash: str
    per_second: float
    max_wait_s: float


def reserve_slot(connection: Connection, rate_limit: RateLimit, now: float) -> float:
    """Take the next place in line and return the seconds until it comes. Raises Busy; then no place is taken.

    To be called while nobody else is in the database (`Database.exclusive`).
    """
    interval_s = 1 / rate_limit.per_second
    key_filter = rates.c.key == rate_limit.key_hash
    free_at = connection.execute(select(rates.c.free_at).where(key_filter)).scalar_one_or_none()
    # Nobody waits for longer than `max_wait_s`, so a time further off was written by a clock that has jumped since.
    clock_jumped = free_at is not None and free_at > now + rate_limit.max_wait_s + interval_s
    start = now if free_at is None or clock_jumped else max(now, free_at)
    if start - now > rate_limit.max_wait_s:
        raise RateLimited(provider=rate_limit.provider, seconds=math.ceil(start - now))
    if free_at is None:
        connection.execute(insert(rates).values(key=rate_limit.key_hash, free_at=start + interval_s))
    else:
        connection.execute(update(rates).where(key_filter).values(free_at=start + interval_s))
    return start - now
