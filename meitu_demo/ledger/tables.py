"""The tables: paid calls with their states, rate limits of keys, secrets that replicas share.

The types are those that SQLite and PostgreSQL have in common.

             ┌─────────────────────────────► released     not sent, or provably not received
reserved ────┤           ┌───────────────►
             └─► sent ───┼─► confirmed                    processed by the vendor
                         ├─► refused                      not processed, according to the vendor
                         └─► unknown                      possibly processed: counted as spent
"""

from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, Index, MetaData, String, Table


class PaidCallState(StrEnum):
    RESERVED = "reserved"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    RELEASED = "released"


OPEN_STATES = (PaidCallState.RESERVED, PaidCallState.SENT)  # their leases are renewed
SETTLED_STATES = {  # what a sweep makes of a call whose lease has run out
    PaidCallState.RESERVED: PaidCallState.RELEASED,
    PaidCallState.SENT: PaidCallState.UNKNOWN,
}
BILLABLE_STATES = (*OPEN_STATES, PaidCallState.CONFIRMED, PaidCallState.UNKNOWN)  # count against budgets
LEASE_EXPIRED = "lease_ran_out"  # the cause that a sweep records

OWNER, VISITOR = "owner", "visitor"

metadata = MetaData()

# Times are seconds since 1970 from the app's clock: the database's clock and time zone are not used.
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
    # Whose vendor key was used, OWNER or VISITOR. The server default fills the rows of older ledgers.
    Column("payer", String(12), nullable=False, server_default=OWNER),
    CheckConstraint(f"state IN ({', '.join(repr(state.value) for state in PaidCallState)})", name="paid_calls_state"),
    Index("paid_calls_by_provider", "provider", "reserved_at"),
    Index("paid_calls_by_visitor", "visitor", "reserved_at"),
    Index("paid_calls_by_lease", "state", "lease_until"),
)

# When a vendor key may call again: one row for each key, by its hash.
rates = Table(
    "call_rates",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("free_at", Double, nullable=False),
)

# The secret behind cookies and hashes, for replicas that share no folder: one row.
shared_secrets = Table(
    "shared_secrets",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", String(64), nullable=False),  # hexadecimal
)
