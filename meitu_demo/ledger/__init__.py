"""Ledger of paid calls: one row for each, written before it is sent. Caps, rate limits and the owner's report.

    async with ledger.reserve(Intent("meitu", "face_fuse", fingerprint_request(…), hash_visitor(…))) as entry:
        await entry.mark_sent(len(body))                   # from here on it counts, whatever happens to this process
        …                                                  # the vendor answers, or not
        await entry.mark_confirmed(Answer(request_id="…"))  # or mark_refused, mark_unknown, mark_undelivered

`Ledger` is for the event loop, `Store` is the same as blocking calls. Both raise OverBudget and LedgerUnavailable
before anything is sent. `paid_calls` is what a call uses; `lazy` opens the database when the first paid call needs it.

    tables      tables and states                 hashing       request fingerprint, visitor cookie, their secret
    database    SQLite or PostgreSQL, locking     paid_calls    PaidCallRecorder: a call's row from start to end
    limits      budgets (caps), rate limit        lazy          LazyLedger: opened at first use
    store       reserve, transitions, sweep       report        the owner's figures and CSV
    async_ledger    `Store` for the event loop
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
