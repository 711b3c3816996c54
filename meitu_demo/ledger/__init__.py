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

from .awaited import Call, Ledger
from .budgets import Budgets
from .fingerprint import fingerprint, key_hash
from .pace import Pace
from .secret import load_secret, shared_secret
from .store import Answer, IllegalTransition, Intent, Store, Swept
from .tables import State
from .visitor import new_visitor, sign_visitor, verify_visitor, visitor_hash

__all__ = [
    "Answer",
    "Budgets",
    "Call",
    "IllegalTransition",
    "Intent",
    "Ledger",
    "Pace",
    "State",
    "Store",
    "Swept",
    "fingerprint",
    "key_hash",
    "load_secret",
    "new_visitor",
    "shared_secret",
    "sign_visitor",
    "verify_visitor",
    "visitor_hash",
]
