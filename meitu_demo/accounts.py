"""An account around each paid call: written into the ledger before it is sent, and how it ended after.

Above the ledger, beside the service, which knows it only as something to say "sent" and "confirmed" to.
"""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from .errors import BadReply, OutcomeUnknown, ProviderError, Unreachable
from .ledger import (
    Answer,
    Budgets,
    Intent,
    Ledger,
    Store,
    client_address,
    fingerprint,
    load_secret,
    new_visitor,
    sign_visitor,
    verify_visitor,
    visitor_hash,
)
from .ledger.awaited import Call
from .ledger.database import Database
from .settings import Network, Settings
from .spec import Endpoint, Photo, Values
from .tables import text_slug, vendor_code

SECRET_FILE = "visitors.key"


class Accounts:
    """The ledger with what its rows need: the secret behind hashes and cookies."""

    def __init__(self, ledger: Ledger, secret: bytes, trusted: Sequence[Network] = ()) -> None:
        self.ledger = ledger
        self._secret = secret
        self._trusted = trusted

    @classmethod
    def open(cls, settings: Settings) -> "Accounts":
        """As the settings say. Raises ValueError for a database of another kind, OSError without a place to write."""
        store = Store(Database(settings.ledger_url()))
        budgets = Budgets(calls_per_day=settings.calls_per_day, calls_per_hour=settings.calls_per_hour)
        secret = load_secret(Path(settings.data_dir) / SECRET_FILE)
        return cls(Ledger(store, budgets), secret, settings.trusted_proxies)

    def visitor(self, cookie: str | None, peer: str, forwarded_for: str) -> str:
        """Whom a call is counted against: the visitor of a cookie that we signed, else the client's address."""
        known = verify_visitor(cookie, self._secret, time.time())
        return known or client_address(peer, forwarded_for, self._trusted)

    def new_cookie(self) -> str:
        """A cookie's value for a visitor who has none."""
        return sign_visitor(new_visitor(), self._secret, time.time())

    def is_ours(self, cookie: str) -> bool:
        """Whether we signed `cookie` within the last year."""
        return verify_visitor(cookie, self._secret, time.time()) is not None

    @asynccontextmanager
    async def pay(self, endpoint: Endpoint, values: Values, photo: Photo, visitor: str) -> AsyncIterator[Call]:
        """A reserved call for as long as the block runs; an error that leaves it says how the call ended.

        Raises OverBudget or LedgerUnavailable before anything is sent.
        """
        hashed = fingerprint(endpoint.id, values, photo.data, self._secret)
        intent = Intent(endpoint.provider, endpoint.id, hashed, visitor_hash(visitor, self._secret))
        async with self.ledger.call(intent) as call:
            try:
                yield call
            except Unreachable as error:
                await call.never_arrived(str(error.facts["cause"]))
                raise
            except ProviderError as error:
                answer = Answer(error.code, error.request_id)
                if billing(error) == "unknown":
                    await call.unknown("vendor_code", answer)
                else:
                    await call.refused(answer)
                raise
            except (OutcomeUnknown, BadReply) as error:
                await call.unknown(str(error.facts["cause"]))
                raise


def billing(error: ProviderError) -> str:
    """Whether a vendor's refusal cost something: refused, not_processed or unknown; what nobody knows is unknown."""
    if text_slug(error.provider, error.vendor_message):
        return "refused"
    known = vendor_code(error.provider, error.code)
    return known.outcome if known else "unknown"
