"""The ledger as blocking calls: reserve, state transitions, leases, sweep. Thread-safe.

Every transition is one UPDATE that names the states it may start from, so only one of two concurrent ones succeeds.
"""

import re
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select, update

from .database import Database
from .limits import Budgets, RateLimit, check_budgets, count_calls_today, reserve_slot
from .tables import LEASE_EXPIRED, OPEN_STATES, OWNER, SETTLED_STATES, VISITOR, PaidCallState, calls

HASH_PATTERN = re.compile(r"[0-9a-f]{32,64}")
NAME_PATTERN = re.compile(r"\w{1,40}", re.ASCII)


class IllegalTransition(Exception):
    """The call is in another state or belongs to another instance. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A paid call to be made. Hashes have 32 to 64 hexadecimal digits. Raises ValueError.

    payer: whose key it is, "owner" or "visitor"; caps count the owner's only.
    """

    vendor_id: str
    endpoint: str
    request_hash: str  # from `fingerprint_request`
    visitor: str  # from `hash_visitor`
    payer: str = OWNER

    def __post_init__(self) -> None:
        are_names = all(NAME_PATTERN.fullmatch(text) for text in (self.vendor_id, self.endpoint))
        are_hashes = all(HASH_PATTERN.fullmatch(text) for text in (self.request_hash, self.visitor))
        if not (are_names and are_hashes and self.payer in (OWNER, VISITOR)):
            raise ValueError("an intent is made of two names, two hexadecimal hashes and a payer")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger records of a vendor's response."""

    code: str = ""
    request_id: str | None = None
    bytes_received: int = 0


@dataclass(frozen=True, slots=True)
class SweepResult:
    """The number of abandoned calls that were released, and of those that became unknown."""

    released: int
    unknown: int


NO_ANSWER = Answer()
NO_BUDGETS = Budgets()


class Store:
    """One instance's access to the ledger. Every method may raise LedgerUnavailable.

    clock: seconds since 1970; the replicas' clocks must differ by much less than the lease.
    lease_s: how long a call belongs to this instance without a renewal.
    """

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time, lease_s: float = 90.0) -> None:
        self.instance_id = secrets.token_hex(8)
        self.lease_s = lease_s
        self.database = database
        self.clock = clock

    def reserve(self, intent: Intent, budgets: Budgets = NO_BUDGETS) -> str:
        """Reserve one call against the budgets and return its id. Raises OverBudget; then nothing is reserved."""
        call_id = secrets.token_hex(16)
        with self.database.exclusive() as connection:
            now = self.clock()  # after the wait for the lock: midnight may have passed
            _settle_expired(connection, now)
            if intent.payer == OWNER:
                check_budgets(connection, budgets, intent.vendor_id, intent.visitor, now)
            row = {
                "id": call_id,
                "state": PaidCallState.RESERVED,
                "provider": intent.vendor_id,
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
        """Reserve the key's next slot. Returns the seconds until it. Raises RateLimited; then nothing is reserved."""
        with self.database.exclusive() as connection:
            return reserve_slot(connection, rate_limit, self.clock())

    def mark_sent(self, call_id: str, bytes_sent: int = 0) -> None:
        """Call it before the first byte leaves. If it raises, nothing may be sent: IllegalTransition if the reservation
        was lost, LedgerUnavailable if it could not be written.
        """
        now = self.clock()
        columns = {"sent_at": now, "bytes_sent": bytes_sent, "lease_until": now + self.lease_s}
        self._transition(call_id, PaidCallState.SENT, calls.c.state == PaidCallState.RESERVED, **columns)

    def release(self, call_id: str, cause: str = "") -> None:
        """Release a reserved call, which will not be made."""
        self._settle(call_id, PaidCallState.RELEASED, calls.c.state == PaidCallState.RESERVED, cause=cause)

    def mark_undelivered(self, call_id: str, cause: str) -> None:
        """The call provably did not reach the vendor. cause: dns, refused, tls, connect_timeout, …"""
        self._settle(call_id, PaidCallState.RELEASED, _sent_condition(), cause=cause)

    def mark_confirmed(self, call_id: str, answer: Answer = NO_ANSWER) -> None:
        """The vendor processed the call."""
        self._settle(call_id, PaidCallState.CONFIRMED, _sent_condition(), answer)

    def mark_refused(self, call_id: str, answer: Answer) -> None:
        """The vendor says that it did not process the call."""
        self._settle(call_id, PaidCallState.REFUSED, _sent_condition(), answer)

    def mark_unknown(self, call_id: str, cause: str, answer: Answer = NO_ANSWER) -> None:
        """The call was sent; whether the vendor processed it cannot be known."""
        self._settle(call_id, PaidCallState.UNKNOWN, _sent_condition(), answer, cause)

    def renew_leases(self, call_ids: Collection[str]) -> int:
        """Extend the leases of those of this instance's calls that are still open. Returns their number."""
        if not call_ids:
            return 0
        renewable = (calls.c.id.in_(call_ids), calls.c.instance == self.instance_id, calls.c.state.in_(OPEN_STATES))
        with self.database.transaction() as connection:
            lease_until = self.clock() + self.lease_s
            return connection.execute(update(calls).where(*renewable).values(lease_until=lease_until)).rowcount

    def sweep(self) -> SweepResult:
        """Settle the calls whose lease has expired, because their instance died."""
        with self.database.transaction() as connection:
            return _settle_expired(connection, self.clock())

    def count_calls_today(self, vendor_id: str) -> int:
        """The number of calls to `vendor_id` that count against today's cap."""
        with self.database.snapshot() as connection:
            return count_calls_today(connection, vendor_id, self.clock())

    def _settle(
        self,
        call_id: str,
        state: PaidCallState,
        precondition: ColumnElement[bool],
        answer: Answer = NO_ANSWER,
        cause: str = "",
    ) -> None:
        # Codes and ids come from the vendor; a malformed one must not keep a paid call from being recorded.
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
    """The call was sent, or swept after that: an instance that was suspended still learns its call's outcome."""
    swept = and_(calls.c.state == PaidCallState.UNKNOWN, calls.c.cause == LEASE_EXPIRED)
    return or_(calls.c.state == PaidCallState.SENT, swept)


def _settle_expired(connection: Connection, now: float) -> SweepResult:
    counts = []
    for from_state, to_state in SETTLED_STATES.items():
        expired = (calls.c.state == from_state, calls.c.lease_until < now)
        columns = {"state": to_state, "settled_at": now, "cause": LEASE_EXPIRED}
        counts.append(connection.execute(update(calls).where(*expired).values(columns)).rowcount)
    return SweepResult(*counts)


def _sanitize_token(text: str) -> str:
    """`text` reduced to one word of at most 64 characters that is safe in databases, terminals and spreadsheets."""
    return re.sub(r"[^A-Za-z0-9_.:/-]", "", str(text)[:1000]).lstrip("-./:_")[:64]
