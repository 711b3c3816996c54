"""Every paid call is a row here before it is sent, and stays one: what was spent, what was refused, what is unknown.

    async with ledger.call(Intent("meitu", "face_fuse", fingerprint(…), visitor_hash(…))) as call:
        await call.sent(len(body))                    # from here on it counts, whatever happens to this process
        …                                             # the vendor answers, or not
        await call.confirmed(Answer(request_id="…"))  # or refused(Answer), unknown(cause), never_arrived(cause)

`Ledger` is for the event loop, `Store` the same in plain calls; both raise OverBudget and LedgerUnavailable before
anything is sent. Imports `errors`; service, transport, screens and app may import it.

    tables     the table and its states            fingerprint  what makes two requests the same one
    database   SQLite or PostgreSQL, transactions  visitor      cookie and hash of a visitor
    budgets    caps, counted in the database       secret       the key of cookie and hashes
    pace       calls a second, by key              report       the owner's figures and CSV
    store      reserve, the transitions, sweep     awaited      the same for the event loop
"""

from .async_ledger import Ledger, LedgerEntry
from .hashing import (
    fingerprint_request,
    generate_visitor_id,
    hash_key,
    hash_visitor,
    load_or_create_secret,
    load_or_create_shared_secret,
    sign_visitor_cookie,
    verify_visitor_cookie,
)
from .limits import Budgets, RateLimit
from .store import Answer, IllegalTransition, Intent, Store, SweepResult
from .tables import PaidCallState

__all__ = [
    "Answer",
    "Budgets",
    "IllegalTransition",
    "Intent",
    "Ledger",
    "LedgerEntry",
    "PaidCallState",
    "RateLimit",
    "Store",
    "SweepResult",
    "fingerprint_request",
    "generate_visitor_id",
    "hash_key",
    "hash_visitor",
    "load_or_create_secret",
    "load_or_create_shared_secret",
    "sign_visitor_cookie",
    "verify_visitor_cookie",
]
