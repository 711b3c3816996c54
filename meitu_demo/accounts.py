"""An account around each paid call: written into the ledger before it is sent, and how it ended after.

Above the ledger, beside the service, which knows it only as something that gives a call its turn and hears its end.
"""

import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from .address import client_address
from .billing import Billing, billing_of
from .errors import DemoError, LedgerUnavailable, OutcomeUnknown, ProviderError
from .explain import clean
from .ledger import (
    Answer,
    Budgets,
    IllegalTransition,
    Intent,
    Ledger,
    PaidCallState,
    RateLimit,
    Store,
    fingerprint_request,
    generate_visitor_id,
    hash_key,
    hash_visitor,
    load_or_create_secret,
    load_or_create_shared_secret,
    sign_visitor_cookie,
    verify_visitor_cookie,
)
from .ledger.awaited import LedgerEntry
from .ledger.database import Database
from .redaction import stack_trace
from .settings import Network, Settings
from .spec import Order, Route

SECRET_FILE = "visitors.key"
log = logging.getLogger(__name__)


class Account:
    """What the service says of one paid call while it is under way."""

    def __init__(self, call: LedgerEntry, pace: RateLimit | None) -> None:
        self._call = call
        self._pace = pace

    async def turn(self) -> float:
        """Seconds until the vendor's rate lets this call through. Raises Busy or LedgerUnavailable."""
        return await self._call.reserve_slot(self._pace) if self._pace else 0.0

    async def sent(self, bytes_sent: int) -> None:
        """The next byte leaves the machine; raises when it must not. A repeat stays the same call."""
        if self._call.state is PaidCallState.RESERVED:
            try:
                await self._call.mark_sent(bytes_sent)
            except IllegalTransition:  # swept: the clock was set forward, or the machine slept
                raise LedgerUnavailable(cause="reservation_lost") from None

    async def confirmed(self, request_id: str | None, bytes_received: int) -> None:
        """The vendor did it."""
        await self._call.mark_confirmed(Answer(request_id=clean(request_id or ""), bytes_received=bytes_received))


class Accounts:
    """The ledger with what its rows need: the secret behind hashes and cookies, and how fast keys may call."""

    def __init__(
        self,
        ledger: Ledger,
        secret: bytes,
        trusted: Sequence[Network] = (),
        *,
        per_second: float | None = None,
        longest_wait: float = 0.0,
    ) -> None:
        self.ledger = ledger
        self._secret = secret
        self._trusted = trusted
        self._per_second = per_second
        self._longest_wait = longest_wait

    @classmethod
    def open(cls, settings: Settings) -> "Accounts":
        """As the settings say.

        Raises ValueError for a database of another kind, OSError without a place to write, LedgerUnavailable when the
        database that replicas share does not answer.
        """
        database = Database(settings.ledger_url())
        own = database.is_file
        secret = (
            load_or_create_secret(Path(settings.data_dir) / SECRET_FILE)
            if own
            else load_or_create_shared_secret(database)
        )
        budgets = Budgets(calls_per_day=settings.calls_per_day, calls_per_hour=settings.calls_per_hour)
        return cls(
            Ledger(Store(database), budgets),
            secret,
            settings.trusted_proxies,
            per_second=settings.calls_per_second,
            longest_wait=settings.longest_wait,
        )

    def visitor(self, cookie: str | None, peer: str, forwarded_for: str) -> str:
        """Whom a call is counted against: the visitor of a cookie that we signed, else the client's address."""
        known = verify_visitor_cookie(cookie, self._secret, time.time())
        return known or client_address(peer, forwarded_for, self._trusted)

    def new_cookie(self) -> str:
        """A cookie's value for a visitor who has none."""
        return sign_visitor_cookie(generate_visitor_id(), self._secret, time.time())

    def is_ours(self, cookie: str) -> bool:
        """Whether we signed `cookie` within the last year."""
        return verify_visitor_cookie(cookie, self._secret, time.time()) is not None

    def fingerprint(self, order: Order) -> str:
        """What makes two orders the same one. Hashes a whole photo: for a worker thread."""
        return fingerprint_request(order.endpoint.id, order.values, order.photo.data, self._secret)

    @asynccontextmanager
    async def pay(self, route: Route, order: Order, *, fingerprint: str, visitor: str) -> AsyncIterator[Account]:
        """An account for as long as the block runs; an error that leaves it says how the call ended.

        Raises OverBudget or LedgerUnavailable before anything is sent. What nobody foresaw, after it was sent, leaves
        as OutcomeUnknown.
        """
        endpoint = order.endpoint
        intent = Intent(endpoint.provider, endpoint.id, fingerprint, hash_visitor(visitor, self._secret), route.payer)
        async with self.ledger.reserve(intent) as call:
            try:
                yield Account(call, self._pace(route))
            except DemoError as error:
                if call.state is PaidCallState.SENT:
                    await _write_end(call, error)
                raise
            except Exception as error:
                if call.state is not PaidCallState.SENT:
                    raise
                log.error("%s failed after it was sent\n%s", endpoint.id, stack_trace(error))
                await call.mark_unknown("unexpected")
                raise OutcomeUnknown(provider=endpoint.provider, cause="unexpected") from None  # its text may be a URL

    def _pace(self, route: Route) -> RateLimit | None:
        if self._per_second is None:
            return None
        key = hash_key(route.credentials.key.get_secret_value(), self._secret)
        return RateLimit(route.provider, key, self._per_second, self._longest_wait)


async def _write_end(call: LedgerEntry, error: DemoError) -> None:
    """How a call that was sent ended, by the error that it ended in; the last attempt's, if there were several."""
    billed, cause = billing_of(error), str(error.facts.get("cause", error.slug))
    if isinstance(error, ProviderError):
        answer = Answer(clean(error.code), clean(error.request_id or ""))
        await (call.mark_unknown("vendor_code", answer) if billed is Billing.UNKNOWN else call.mark_refused(answer))
    elif billed in (Billing.NOT_SENT, Billing.NOT_PROCESSED):
        await call.mark_undelivered(cause)
    else:
        await call.mark_unknown(cause)
