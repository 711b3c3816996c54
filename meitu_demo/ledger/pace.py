"""How fast one key may call: so many calls a second, shared by all instances through the database.

The generic cell rate algorithm (ITU-T I.371) with no burst: the table holds when the key is free again, each call takes
the next place in line. Imports `errors` and `tables`.
"""

import math
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from ..errors import Busy
from .tables import rates


@dataclass(frozen=True, slots=True)
class Pace:
    """key: a keyed hash of the credentials. per_second: calls. longest: seconds that a call waits at most."""

    provider: str
    key: str
    per_second: float
    longest: float


def take_turn(connection: Connection, pace: Pace, now: float) -> float:
    """Take the next place in line and return the seconds until it comes. Raises Busy; then no place is taken.

    To be called while nobody else is in the database (`Database.alone`).
    """
    interval = 1 / pace.per_second
    mine = rates.c.key == pace.key
    found = connection.execute(select(rates.c.free_at).where(mine)).scalar_one_or_none()
    # Nobody waits for longer than `longest`, so a time further off was written by a clock that has jumped since.
    jumped = found is not None and found > now + pace.longest + interval
    start = now if found is None or jumped else max(now, found)
    if start - now > pace.longest:
        raise Busy(provider=pace.provider, seconds=math.ceil(start - now))
    if found is None:
        connection.execute(insert(rates).values(key=pace.key, free_at=start + interval))
    else:
        connection.execute(update(rates).where(mine).values(free_at=start + interval))
    return start - now
