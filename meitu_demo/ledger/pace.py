"""How fast one key may call: so many calls a second, shared by all instances through the database.

The generic cell rate algorithm (ITU-T I.371) with no burst: the table holds when the key is free again, each call takes
the next place in line. Imports `errors` and `tables`.
"""

import math
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from ..domain.errors import RateLimited
from .tables import rates


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
