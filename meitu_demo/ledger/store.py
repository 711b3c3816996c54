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

from .database import Database
from .limits import Budgets, RateLimit, check_budgets, count_calls_today, reserve_slot
from .tables import LEASE_EXPIRED, OPEN_STATES, OWNER, VISITOR, PaidCallState, calls

HASH_PATTERN = re.compile(r"[0-9a-f]{32,64}")
NAME_PATTERN = re.compile(r"\w{1,40}", re.ASCII)


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
        names = all(NAME_PATTERN.fullmatch(text) for text in (self.provider, self.endpoint))
        hashes = all(HASH_PATTERN.fullmatch(text) for text in (self.request_hash, self.visitor))
        if not (names and hashes and self.payer in (OWNER, VISITOR)):
            raise ValueError("an intent is made of two names, two hexadecimal hashes and a payer")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor's answer leaves in the ledger: its code, its request id, how many bytes came."""

    code: str = ""
    request_id: str | None = None
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class SweepResult:
    """How many abandoned calls were released and how many are unknown now."""

    released: int
    unknown: int


NO_ANSWER = Answer()
NO_BUDGETS = Budgets()


class Store:
    """One instance's access to the ledger. Everything here may raise LedgerUnavailable.

    lease: seconds for which a call is this instance's alone without being renewed.
    clock: seconds since 1970; the replicas' clocks may differ by much less than the lease.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time, lease_s: float = 90.0) -> None:
        self.instance_id = secrets.token_hex(8)
        self.lease_s = lease_s
        self.database = database
        self.clock = clock

    def reserve(self, intent: Intent, budgets: Budgets = NO_BUDGETS) -> str:
        """Claim one call against the budgets and return its id. Raises OverBudget; then nothing is claimed."""
        call_id = secrets.token_hex(16)
        with self.database.exclusive() as connection:
            now = self.clock()  # after the wait for the lock: it may have been midnight
            _settle_expired(connection, now)
            if intent.payer == OWNER:
                check_budgets(connection, budgets, intent.provider, intent.visitor, now)
            row = {
                "id": call_id,
                "state": PaidCallState.RESERVED,
                "provider": intent.provider,
                "endpoint": intent.endpoint,
                "request_hash": intent.request_hash,
                "visitor": intent.visitor,
                "payer": intent.payer,
                "instance": self.instance_id,
                "lease_until": now + self.lease_s,
                "reserved_at": now,
            }
            connection.execute(insert(calls).values(row))
        return call_id

    def reserve_slot(self, rate_limit: RateLimit) -> float:
        """Take the key's next place in line; the seconds until it comes. Raises Busy; then no place is taken."""
        with self.database.exclusive() as connection:
            return reserve_slot(connection, rate_limit, self.clock())

    def mark_sent(self, call_id: str, bytes_sent: int = 0) -> None:
        """Say so before the first byte leaves. When this raises, nothing may be sent: IllegalTransition when the
        reservation was lost, LedgerUnavailable when it could not be written."""
        now = self.clock()
        columns = {"sent_at": now, "bytes_sent": bytes_sent, "lease_until": now + self.lease_s}
        self._transition(call_id, PaidCallState.SENT, calls.c.state == PaidCallState.RESERVED, **columns)

    def release(self, call_id: str, cause: str = "") -> None:
        """The call is not made after all."""
        self._settle(call_id, PaidCallState.RELEASED, calls.c.state == PaidCallState.RESERVED, cause=cause)

    def mark_undelivered(self, call_id: str, cause: str) -> None:
        """It was on its way and provably did not reach the vendor (dns, refused, tls, connect_timeout)."""
        self._settle(call_id, PaidCallState.RELEASED, _sent_condition(), cause=cause)

    def mark_confirmed(self, call_id: str, answer: Answer = NO_ANSWER) -> None:
        """The vendor did it."""
        self._settle(call_id, PaidCallState.CONFIRMED, _sent_condition(), answer)

    def mark_refused(self, call_id: str, answer: Answer) -> None:
        """The vendor says that it did not do it."""
        self._settle(call_id, PaidCallState.REFUSED, _sent_condition(), answer)

    def mark_unknown(self, call_id: str, cause: str, answer: Answer = NO_ANSWER) -> None:
        """It was sent, and nobody can say whether the vendor did it."""
        self._settle(call_id, PaidCallState.UNKNOWN, _sent_condition(), answer, cause)

    def renew_leases(self, call_ids: Collection[str]) -> int:
        """Extend the leases of this instance's calls among `held` that are still under way; how many those are."""
        if not call_ids:
            return 0
        open_here = (calls.c.id.in_(call_ids), calls.c.instance == self.instance_id, calls.c.state.in_(OPEN_STATES))
        with self.database.transaction() as connection:
            lease_until = self.clock() + self.lease_s
            return connection.execute(update(calls).where(*open_here).values(lease_until=lease_until)).rowcount

    def sweep(self) -> SweepResult:
        """Settle what a dead instance has left: calls whose lease has run out, and no others."""
        with self.database.transaction() as connection:
            return _settle_expired(connection, self.clock())

    def count_calls_today(self, provider: str) -> int:
        """The calls to `provider` that count against its cap today."""
        with self.database.snapshot() as connection:
            return count_calls_today(connection, provider, self.clock())

    def _settle(
        self,
        call_id: str,
        state: PaidCallState,
        precondition: ColumnElement[bool],
        answer: Answer = NO_ANSWER,
        cause: str = "",
    ) -> None:
        # Codes and ids were written by a stranger; an odd one must not keep a paid call from being recorded.
        columns = {
            "settled_at": self.clock(),
            "bytes_received": answer.bytes_received,
            "vendor_code": _sanitize_token(answer.code),
            "request_id": _sanitize_token(answer.request_id or ""),
            "cause": _sanitize_token(cause),
        }
        self._transition(call_id, state, precondition, **columns)

    def _transition(
        self, call_id: str, state: PaidCallState, precondition: ColumnElement[bool], **columns: object
    ) -> None:
        call_filter = (calls.c.id == call_id, calls.c.instance == self.instance_id)
        with self.database.transaction() as connection:
            row_count = connection.execute(
                update(calls).where(*call_filter, precondition).values(state=state, **columns)
            ).rowcount
            if row_count != 1:
                current_state = connection.execute(select(calls.c.state).where(*call_filter)).scalar_one_or_none()
                raise IllegalTransition(f"{current_state or 'not a call of this instance'} → {state}")


def _sent_condition() -> ColumnElement[bool]:
    """Sent, also when it was swept since: an instance that had fallen asleep still knows how its call ended."""
    swept = and_(calls.c.state == PaidCallState.UNKNOWN, calls.c.cause == LEASE_EXPIRED)
    return or_(calls.c.state == PaidCallState.SENT, swept)


def _settle_expired(connection: Connection, now: float) -> SweepResult:
    counts = []
    for from_state, to_state in (
        (PaidCallState.RESERVED, PaidCallState.RELEASED),
        (PaidCallState.SENT, PaidCallState.UNKNOWN),
    ):
        expired = (calls.c.state == from_state, calls.c.lease_until < now)
        columns = {"state": to_state, "settled_at": now, "cause": LEASE_EXPIRED}
        counts.append(connection.execute(update(calls).where(*expired).values(columns)).rowcount)
    return SweepResult(*counts)


def _sanitize_token(text: str) -> str:
    """`text` as one short word that no database, terminal or spreadsheet stumbles over."""
    return re.sub(r"[^A-Za-z0-9_.:/-]", "", str(text)[:1000]).lstrip("-./:_")[:64]
