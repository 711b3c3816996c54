"""Records each paid call in the ledger: reserved before it is sent, its outcome afterwards.

An error that ends a call decides the outcome: `domain.billing` tells whether it may have been billed.
"""

import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError, LedgerUnavailable, OutcomeUnknown, VendorError
from ..domain.model import CallTarget, PreparedCall
from ..redaction.secrets import format_stack_trace
from ..redaction.text import sanitize
from ..runtime.client_address import resolve_client_address
from ..settings import Network, Settings
from . import (
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
from .async_ledger import LedgerEntry
from .database import Database

SECRET_FILE_NAME = "visitors.key"
log = logging.getLogger(__name__)
BeforeSend = Callable[[], Awaitable[None]]


class PaidCall:
    """An open paid call, on which the pipeline reports. before_send: awaited once, before the first attempt."""

    def __init__(self, entry: LedgerEntry, rate_limit: RateLimit | None, before_send: BeforeSend | None) -> None:
        self._entry = entry
        self._rate_limit = rate_limit
        self._before_send = before_send

    async def rate_limit_delay(self) -> float:
        """Reserve a slot of the vendor's rate limit; returns the seconds until it, 0 without a limit.

        Raises RateLimited or LedgerUnavailable.
        """
        return await self._entry.reserve_slot(self._rate_limit) if self._rate_limit else 0.0

    async def mark_sent(self, bytes_sent: int) -> None:
        """Call it before each attempt of the call. Raises LedgerUnavailable; then nothing may be sent."""
        if self._entry.state is PaidCallState.RESERVED:
            if self._before_send:
                await self._before_send()
            try:
                await self._entry.mark_sent(bytes_sent)
            except IllegalTransition:  # the lease ran out: the clock was set forward, or the machine slept
                raise LedgerUnavailable(cause="reservation_lost") from None

    async def mark_confirmed(self, request_id: str | None, bytes_received: int) -> None:
        """The vendor processed the call."""
        await self._entry.mark_confirmed(Answer(request_id=sanitize(request_id or ""), bytes_received=bytes_received))


class PaidCallRecorder:
    """Records paid calls: the ledger, the secret of hashes and visitor cookies, and the rate limit."""

    def __init__(
        self,
        ledger: Ledger,
        secret: bytes,
        trusted_proxies: Sequence[Network] = (),
        *,
        calls_per_second: float | None = None,
        max_wait_s: float = 0.0,
    ) -> None:
        self.ledger = ledger
        self._secret = secret
        self._trusted_proxies = trusted_proxies
        self._calls_per_second = calls_per_second
        self._max_wait_s = max_wait_s

    @classmethod
    def from_settings(cls, settings: Settings) -> "PaidCallRecorder":
        """Raises ValueError for an unsupported database or a bad secret, OSError if the secret cannot be written,
        LedgerUnavailable if the shared database does not answer.
        """
        database = Database(settings.ledger_url())
        if database.is_file:
            secret = load_or_create_secret(Path(settings.data_dir) / SECRET_FILE_NAME)
        else:
            secret = load_or_create_shared_secret(database)
        budgets = Budgets(calls_per_day=settings.calls_per_day, calls_per_hour=settings.calls_per_hour)
        return cls(
            Ledger(Store(database), budgets),
            secret,
            settings.trusted_proxies,
            calls_per_second=settings.calls_per_second,
            max_wait_s=settings.longest_wait,
        )

    def identify_visitor(self, cookie: str | None, peer: str, forwarded_for: str) -> str:
        """The visitor that a call counts against: from a valid cookie, else the client's address."""
        visitor_id = verify_visitor_cookie(cookie, self._secret, time.time())
        return visitor_id or resolve_client_address(peer, forwarded_for, self._trusted_proxies)

    def create_cookie(self) -> str:
        """The cookie's value for a new visitor."""
        return sign_visitor_cookie(generate_visitor_id(), self._secret, time.time())

    def is_valid_cookie(self, cookie: str) -> bool:
        """Whether `cookie` was signed here within the last year."""
        return verify_visitor_cookie(cookie, self._secret, time.time()) is not None

    def compute_fingerprint(self, prepared: PreparedCall) -> str:
        """Fingerprint of endpoint, values and photo. Run it in a worker thread: it hashes the whole photo."""
        return fingerprint_request(prepared.endpoint.id, prepared.values, prepared.photo.data, self._secret)

    @asynccontextmanager
    async def record(
        self,
        target: CallTarget,
        prepared: PreparedCall,
        *,
        fingerprint: str,
        visitor: str,
        before_send: BeforeSend | None = None,
    ) -> AsyncIterator[PaidCall]:
        """Reserve a call for as long as the block runs; an error that leaves the block is recorded as its outcome.

        Raises OverBudget or LedgerUnavailable before anything is sent. An unexpected exception after sending becomes
        OutcomeUnknown.
        """
        endpoint = prepared.endpoint
        intent = Intent(
            endpoint.vendor_id, endpoint.id, fingerprint, hash_visitor(visitor, self._secret), target.billed_to
        )
        async with self.ledger.reserve(intent) as entry:
            try:
                yield PaidCall(entry, self._build_rate_limit(target), before_send)
            except DemoError as error:
                if entry.state is PaidCallState.SENT:
                    await _record_outcome(entry, error)
                raise
            except Exception as error:
                if entry.state is not PaidCallState.SENT:
                    raise
                log.error("%s failed after it was sent\n%s", endpoint.id, format_stack_trace(error))
                await entry.mark_unknown("unexpected")
                raise OutcomeUnknown(vendor=endpoint.vendor_id, cause="unexpected") from None  # its text may hold a URL

    def _build_rate_limit(self, target: CallTarget) -> RateLimit | None:
        if self._calls_per_second is None:
            return None
        key = hash_key(target.credentials.key.get_secret_value(), self._secret)
        return RateLimit(target.vendor_id, key, self._calls_per_second, self._max_wait_s)


async def _record_outcome(entry: LedgerEntry, error: DemoError) -> None:
    """Record the outcome of a call that was sent and whose last attempt ended in `error`."""
    billing, cause = classify_billing(error), str(error.facts.get("cause", error.slug))
    if isinstance(error, VendorError):
        answer = Answer(sanitize(error.code), sanitize(error.request_id or ""))
        await (entry.mark_unknown("vendor_code", answer) if billing is Billing.UNKNOWN else entry.mark_refused(answer))
    elif billing in (Billing.NOT_SENT, Billing.NOT_PROCESSED):
        await entry.mark_undelivered(cause)
    else:
        await entry.mark_unknown(cause)
