"""The tables: paid calls, rates of keys, what replicas share. Types that SQLite and PostgreSQL both have.

Imports nothing of ours.

             ┌─────────────────────────────► released     not sent, or provably never arrived
reserved ────┤           ┌───────────────►
             └─► sent ───┼─► confirmed                    the vendor did it
                         ├─► refused                      the vendor says that it did not
                         └─► unknown                      nobody can tell: counted as spent
"""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, Index, MetaData, String, Table


class PaidCallState(StrEnum):
    """Where a call is."""

    RESERVED = "reserved"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RELEASED = "released"


BILLABLE_STATES = (
    PaidCallState.RESERVED,
    PaidCallState.SENT,
    PaidCallState.CONFIRMED,
    PaidCallState.UNKNOWN,
)  # against budgets
OPEN_STATES = (PaidCallState.RESERVED, PaidCallState.SENT)  # these carry a lease that somebody renews
LEASE_EXPIRED = "lease_ran_out"  # the cause that the sweep writes

OWNER, VISITOR = "owner", "visitor"

metadata = MetaData()

# Times are seconds since 1970 in UTC, from the app's clock: no database's own idea of time or zone plays a part.
calls = Table(
    "paid_calls",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("provider", String(40), nullable=False),
    Column("endpoint", String(40), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("visitor", String(64), nullable=False),
    Column("instance", String(32), nullable=False),
    Column("lease_until", Double, nullable=False),
    Column("reserved_at", Double, nullable=False),
    Column("sent_at", Double),
    Column("settled_at", Double),
    Column("bytes_sent", BigInteger, nullable=False, default=0),
    Column("bytes_received", BigInteger, nullable=False, default=0),
    Column("vendor_code", String(64), nullable=False, default=""),
    Column("request_id", String(64), nullable=False, default=""),
    Column("cause", String(64), nullable=False, default=""),
    # Whose key it was, OWNER or VISITOR; with a default of the server's, because older ledgers have rows without it.
    Column("payer", String(12), nullable=False, server_default=OWNER),
    CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in PaidCallState)})", name="paid_calls_state"),
    Index("paid_calls_by_provider", "provider", "reserved_at"),
    Index("paid_calls_by_visitor", "visitor", "reserved_at"),
    Index("paid_calls_by_lease", "state", "lease_until"),
)

# When a key may call again: one row for each key that has ever called, by a keyed hash of it.
rates = Table(
    "call_rates",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("free_at", Double, nullable=False),
)

# The secret behind cookies and hashes where there is no folder that all replicas share: one row.
shared_secrets = Table(
    "shared_secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(64), nullable=False),  # hexadecimal
)
