"""The ledger in plain calls that wait for the disk: reserve, turns, transitions, renew, sweep. Safe in any thread.

Every transition is one UPDATE that names the states it may start from, so two can never both win. Imports `database`,
`budgets`, `pace` and `tables`.
"""

import re
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from .budgets import Budgets, check, counted
from .database import Database
from .pace import Pace, take_turn
from .tables import LEASE_RAN_OUT, OWNER, UNDER_WAY, VISITOR, State, calls

HASH = re.compile(r"[0-9a-f]{32,64}")
NAME = re.compile(r"\w{1,40}", re.ASCII)


class IllegalTransition(Exception):
    """A call cannot go from where it is to there, or belongs to another instance. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A paid call that somebody wants to make. Hashes only, of 32 to 64 hexadecimal digits. Raises ValueError.

    payer: whose key it is, "owner" or "visitor"; caps are about the owner's.
    """

    provider: str
    endpoint: str
    request_hash: str  # fingerprint.fingerprint
    visitor: str  # visitor.visitor_hash
    payer: str = OWNER

    def __post_init__(self) -> None:
        names = all(NAME.fullmatch(text) for text in (self.provider, self.endpoint))
        hashes = all(HASH.fullmatch(text) for text in (self.request_hash, self.visitor))
        if not (names and hashes and self.payer in (OWNER, VISITOR)):
            raise ValueError("an intent is made of two names, two hexadecimal hashes and a payer")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor's answer leaves in the ledger: its code, its request id, how many bytes came."""

    code: str = ""
    request_id: str | None = None
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class Swept:
    """How many abandoned calls were released and how many are unknown now."""

    released: int
    unknown: int


SILENCE = Answer()
NO_BUDGETS = Budgets()


class Store:
    """One instance's access to the ledger. Everything here may raise LedgerUnavailable.

    lease: seconds for which a call is this instance's alone without being renewed.
    clock: seconds since 1970; the replicas' clocks may differ by much less than the lease.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time, lease: float = 90.0) -> None:
        self.instance = secrets.token_hex(8)
        self.lease = lease
        self.database = database
        self.clock = clock

    def reserve(self, intent: Intent, budgets: Budgets = NO_BUDGETS) -> str:
        """Claim one call against the budgets and return its id. Raises OverBudget; then nothing is claimed."""
        call = secrets.token_hex(16)
        with self.database.alone() as connection:
            now = self.clock()  # after the wait for the lock: it may have been midnight
            _sweep(connection, now)
            if intent.payer == OWNER:
                check(connection, budgets, intent.provider, intent.visitor, now)
            row = {
                "id": call,
                "state": State.RESERVED,
                "provider": intent.provider,
                "endpoint": intent.endpoint,
                "request_hash": intent.request_hash,
                "visitor": intent.visitor,
                "payer": intent.payer,
                "instance": self.instance,
                "lease_until": now + self.lease,
                "reserved_at": now,
            }
            connection.execute(insert(calls).values(row))
        return call

    def take_turn(self, pace: Pace) -> float:
        """Take the key's next place in line; the seconds until it comes. Raises Busy; then no place is taken."""
        with self.database.alone() as connection:
            return take_turn(connection, pace, self.clock())

    def mark_sent(self, call: str, bytes_sent: int = 0) -> None:
        """Say so before the first byte leaves. When this raises, nothing may be sent: IllegalTransition when the
        reservation was lost, LedgerUnavailable when it could not be written."""
        now = self.clock()
        columns = {"sent_at": now, "bytes_sent": bytes_sent, "lease_until": now + self.lease}
        self._move(call, State.SENT, calls.c.state == State.RESERVED, **columns)

    def release(self, call: str, cause: str = "") -> None:
        """The call is not made after all."""
        self._settle(call, State.RELEASED, calls.c.state == State.RESERVED, cause=cause)

    def never_arrived(self, call: str, cause: str) -> None:
        """It was on its way and provably did not reach the vendor (dns, refused, tls, connect_timeout)."""
        self._settle(call, State.RELEASED, _was_sent(), cause=cause)

    def confirm(self, call: str, answer: Answer = SILENCE) -> None:
        """The vendor did it."""
        self._settle(call, State.CONFIRMED, _was_sent(), answer)

    def refuse(self, call: str, answer: Answer) -> None:
        """The vendor says that it did not do it."""
        self._settle(call, State.REFUSED, _was_sent(), answer)

    def mark_unknown(self, call: str, cause: str, answer: Answer = SILENCE) -> None:
        """It was sent, and nobody can say whether the vendor did it."""
        self._settle(call, State.UNKNOWN, _was_sent(), answer, cause)

    def renew(self, held: Collection[str]) -> int:
        """Extend the leases of this instance's calls among `held` that are still under way; how many those are."""
        if not held:
            return 0
        mine = (calls.c.id.in_(held), calls.c.instance == self.instance, calls.c.state.in_(UNDER_WAY))
        with self.database.writing() as connection:
            lease_until = self.clock() + self.lease
            return connection.execute(update(calls).where(*mine).values(lease_until=lease_until)).rowcount

    def sweep(self) -> Swept:
        """Settle what a dead instance has left: calls whose lease has run out, and no others."""
        with self.database.writing() as connection:
            return _sweep(connection, self.clock())

    def used_today(self, provider: str) -> int:
        """The calls to `provider` that count against its cap today."""
        with self.database.reading() as connection:
            return counted(connection, provider, self.clock())

    def _settle(
        self, call: str, state: State, start: ColumnElement[bool], answer: Answer = SILENCE, cause: str = ""
    ) -> None:
        # Codes and ids were written by a stranger; an odd one must not keep a paid call from being recorded.
        columns = {
            "settled_at": self.clock(),
            "bytes_received": answer.bytes_received,
            "vendor_code": _word(answer.code),
            "request_id": _word(answer.request_id or ""),
            "cause": _word(cause),
        }
        self._move(call, state, start, **columns)

    def _move(self, call: str, state: State, start: ColumnElement[bool], **columns: object) -> None:
        mine = (calls.c.id == call, calls.c.instance == self.instance)
        with self.database.writing() as connection:
            moved = connection.execute(update(calls).where(*mine, start).values(state=state, **columns)).rowcount
            if moved != 1:
                found = connection.execute(select(calls.c.state).where(*mine)).scalar_one_or_none()
                raise IllegalTransition(f"{found or 'not a call of this instance'} → {state}")


def _was_sent() -> ColumnElement[bool]:
    """Sent, also when it was swept since: an instance that had fallen asleep still knows how its call ended."""
    swept = and_(calls.c.state == State.UNKNOWN, calls.c.cause == LEASE_RAN_OUT)
    return or_(calls.c.state == State.SENT, swept)


def _sweep(connection: Connection, now: float) -> Swept:
    counts = []
    for start, end in ((State.RESERVED, State.RELEASED), (State.SENT, State.UNKNOWN)):
        abandoned = (calls.c.state == start, calls.c.lease_until < now)
        columns = {"state": end, "settled_at": now, "cause": LEASE_RAN_OUT}
        counts.append(connection.execute(update(calls).where(*abandoned).values(columns)).rowcount)
    return Swept(*counts)


def _word(text: str) -> str:
    """`text` as one short word that no database, terminal or spreadsheet stumbles over."""
    return re.sub(r"[^A-Za-z0-9_.:/-]", "", str(text)[:1000]).lstrip("-./:_")[:64]
