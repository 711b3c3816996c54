"""Spending caps and rate limit of paid calls, both stored in the database, so that all replicas share them.

**Budgets.** Calls per UTC day for each vendor, and per hour for each visitor. They protect the owner's money: calls
with a visitor's own key are neither stopped nor counted. Checked inside the transaction that reserves the call.

**Rate limit.** Calls per second for each key, by the generic cell rate algorithm (ITU-T I.371) without burst: the
table holds the time at which the key is free again, and each call reserves the next slot.
"""

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from ..domain.errors import OverBudget, OverVisitorBudget, RateLimited
from .tables import BILLABLE_STATES, OWNER, calls, rates

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S  # days of Unix time are UTC days


@dataclass(frozen=True, slots=True)
class Budgets:
    """Caps, each at least 1; None is no cap. calls_per_day: for each vendor. calls_per_hour: for each visitor."""

    calls_per_day: int | None = None
    calls_per_hour: int | None = None

    def __post_init__(self) -> None:
        for cap in (self.calls_per_day, self.calls_per_hour):
            if cap is not None and cap < 1:
                raise ValueError("a cap on paid calls is at least 1; leave it out for none")


def check_budgets(connection: Connection, budgets: Budgets, vendor_id: str, visitor: str, now: float) -> None:
    """Raises OverBudget or OverVisitorBudget if one more call would exceed a cap.

    Rows later than `now` count as well: a replica's clock may run ahead.
    """
    limit = budgets.calls_per_day
    if limit is not None and count_calls_today(connection, vendor_id, now) >= limit:
        raise OverBudget(limit=limit, vendor=vendor_id, hours=math.ceil((DAY_S - now % DAY_S) / HOUR_S))
    limit = budgets.calls_per_hour
    if limit is None:
        return
    visitor_filter = (calls.c.visitor == visitor, *_owner_billable_filter(), calls.c.reserved_at > now - HOUR_S)
    # Sliding window: one more call is allowed once the oldest of the last `limit` calls is an hour old.
    oldest = select(calls.c.reserved_at).where(*visitor_filter).order_by(calls.c.reserved_at.desc()).offset(limit - 1)
    oldest_reserved_at = connection.execute(oldest.limit(1)).scalar_one_or_none()
    if oldest_reserved_at is not None:
        raise OverVisitorBudget(limit=limit, vendor=vendor_id, minutes=_ceil_minutes(oldest_reserved_at + HOUR_S - now))


def count_calls_today(connection: Connection, vendor_id: str, now: float) -> int:
    """The number of calls to `vendor_id` that count against the cap of the UTC day of `now`."""
    today_filter = (calls.c.provider == vendor_id, *_owner_billable_filter(), calls.c.reserved_at >= now - now % DAY_S)
    return connection.execute(select(func.count()).select_from(calls).where(*today_filter)).scalar_one()


def _owner_billable_filter() -> tuple[ColumnElement[bool], ...]:
    return calls.c.state.in_(BILLABLE_STATES), calls.c.payer == OWNER


def _ceil_minutes(seconds: float) -> int:
    return max(1, math.ceil(seconds / 60))


@dataclass(frozen=True, slots=True)
class RateLimit:
    """key_hash: from `hash_key`. per_second: calls. max_wait_s: a call that would wait longer is rejected."""

    vendor_id: str
    key_hash: str
    per_second: float
    max_wait_s: float


def reserve_slot(connection: Connection, rate_limit: RateLimit, now: float) -> float:
    """Reserve the key's next slot. Returns the seconds until it. Raises RateLimited; then nothing is reserved.

    Call it inside `Database.exclusive`. Keys that have been free for an hour are forgotten: visitors type in their own.
    """
    connection.execute(delete(rates).where(rates.c.free_at < now - HOUR_S))
    interval_s = 1 / rate_limit.per_second
    key_filter = rates.c.key == rate_limit.key_hash
    free_at = connection.execute(select(rates.c.free_at).where(key_filter)).scalar_one_or_none()
    # No slot is further away than `max_wait_s`, so a later time means that the clock was set back after it was written.
    clock_jumped = free_at is not None and free_at > now + rate_limit.max_wait_s + interval_s
    start = now if free_at is None or clock_jumped else max(now, free_at)
    if start - now > rate_limit.max_wait_s:
        raise RateLimited(vendor=rate_limit.vendor_id, seconds=math.ceil(start - now))
    if free_at is None:
        connection.execute(insert(rates).values(key=rate_limit.key_hash, free_at=start + interval_s))
    else:
        connection.execute(update(rates).where(key_filter).values(free_at=start + interval_s))
    return start - now
