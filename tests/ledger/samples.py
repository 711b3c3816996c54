"""What the ledger's tests start from: a clock moved by hand, intents, and a look at the rows."""

from sqlalchemy import select
from support.clock import ManualClock

from meitu_demo.ledger.store import Intent, Store
from meitu_demo.ledger.tables import calls

NOON = 1_800_014_400.0  # 2027-01-15T12:00:00Z


class Clock(ManualClock):
    """Seconds since 1970, moved by hand: noon at first."""

    def __init__(self, now: float = NOON) -> None:
        super().__init__(now)


def intent(vendor_id: str = "meitu", visitor: str = "b" * 64) -> Intent:
    """An intent to call."""
    return Intent(vendor_id, "face_fuse", "a" * 64, visitor)


def states(store: Store) -> dict[str, str]:
    """The state of each call in the database."""
    with store.database.snapshot() as connection:
        return {found.id: found.state for found in connection.execute(select(calls.c.id, calls.c.state))}


def row(store: Store, call: str) -> dict[str, object]:
    """One call as it stands in the database."""
    with store.database.snapshot() as connection:
        return dict(connection.execute(select(calls).where(calls.c.id == call)).mappings().one())
