"""The owner's caps on paid calls: so many a UTC day for each provider, so many an hour for each visitor.

They guard the owner's money: calls with a visitor's own key are neither stopped nor counted. Counted in the database
inside the transaction that reserves. Imports `errors` and `tables`.
"""

import math
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, func, select

from ..domain.errors import OverBudget, OverVisitorBudget
from .tables import BILLABLE_STATES, OWNER, calls

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
