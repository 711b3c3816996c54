"""An account around each paid call: written into the ledger before it is sent, and how it ended after.

Above the ledger, beside the service, which knows it only as something that gives a call its turn and hears its end.
"""

import logging
import time
from collections.abc import AsyncIterator, Sequence
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


class PaidCall:
    """What the service says of one paid call while it is under way."""

    def __init__(self, entry: LedgerEntry, rate_limit: RateLimit | None) -> None:
        self._entry = entry
        self._rate_limit = rate_limit

    async def rate_limit_delay(self) -> float:
        """Seconds until the vendor's rate lets this call through. Raises Busy or LedgerUnavailable."""
        return await self._entry.reserve_slot(self._rate_limit) if self._rate_limit else 0.0

    async def mark_sent(self, bytes_sent: int) -> None:
        """The next byte leaves the machine; raises when it must not. A repeat stays the same call."""
        if self._entry.state is PaidCallState.RESERVED:
            try:
                await self._entry.mark_sent(bytes_sent)
            except IllegalTransition:  # swept: the clock was set forward, or the machine slept
                raise LedgerUnavailable(cause="reservation_lost") from None

    async def mark_confirmed(self, request_id: str | None, bytes_received: int) -> None:
        """The vendor did it."""
        await self._entry.mark_confirmed(Answer(request_id=sanitize(request_id or ""), bytes_received=bytes_received))


class PaidCallRecorder:
    """The ledger with what its rows need: the secret behind hashes and cookies, and how fast keys may call."""

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
        """As the settings say.

        Raises ValueError for a database of another kind, OSError without a place to write, LedgerUnavailable when the
        database that replicas share does not answer.
        """
        database = Database(settings.ledger_url())
        is_file_database = database.is_file
        secret = (
            load_or_create_secret(Path(settings.data_dir) / SECRET_FILE_NAME)
            if is_file_database
            else load_or_create_shared_secret(database)
        )
        budgets = Budgets(calls_per_day=settings.calls_per_day, calls_per_hour=settings.calls_per_hour)
        return cls(
            Ledger(Store(database), budgets),
            secret,
            settings.trusted_proxies,
            calls_per_second=settings.calls_per_second,
            max_wait_s=settings.longest_wait,
        )

    def identify_visitor(self, cookie: str | None, peer: str, forwarded_for: str) -> str:
        """Whom a call is counted against: the visitor of a cookie that we signed, else the client's address."""
        visitor_id = verify_visitor_cookie(cookie, self._secret, time.time())
        return visitor_id or resolve_client_address(peer, forwarded_for, self._trusted_proxies)

    def create_cookie(self) -> str:
        """A cookie's value for a visitor who has none."""
        return sign_visitor_cookie(generate_visitor_id(), self._secret, time.time())

    def is_valid_cookie(self, cookie: str) -> bool:
        """Whether we signed `cookie` within the last year."""
        return verify_visitor_cookie(cookie, self._secret, time.time()) is not None

    def compute_fingerprint(self, prepared: PreparedCall) -> str:
        """What makes two orders the same one. Hashes a whole photo: for a worker thread."""
        return fingerprint_request(prepared.endpoint.id, prepared.values, prepared.photo.data, self._secret)

    @asynccontextmanager
    async def record(
        self, target: CallTarget, prepared: PreparedCall, *, fingerprint: str, visitor: str
    ) -> AsyncIterator[PaidCall]:
        """An account for as long as the block runs; an error that leaves it says how the call ended.

        Raises OverBudget or LedgerUnavailable before anything is sent. What nobody foresaw, after it was sent, leaves
        as OutcomeUnknown.
        """
        endpoint = prepared.endpoint
        intent = Intent(
            endpoint.provider, endpoint.id, fingerprint, hash_visitor(visitor, self._secret), target.billed_to
        )
        async with self.ledger.reserve(intent) as entry:
            try:
                yield PaidCall(entry, self._build_rate_limit(target))
            except DemoError as error:
                if entry.state is PaidCallState.SENT:
                    await _record_outcome(entry, error)
                raise
            except Exception as error:
                if entry.state is not PaidCallState.SENT:
                    raise
                log.error("%s failed after it was sent\n%s", endpoint.id, format_stack_trace(error))
                await entry.mark_unknown("unexpected")
                raise OutcomeUnknown(provider=endpoint.provider, cause="unexpected") from None  # its text may be a URL

    def _build_rate_limit(self, target: CallTarget) -> RateLimit | None:
        if self._calls_per_second is None:
            return None
        key = hash_key(target.credentials.key.get_secret_value(), self._secret)
        return RateLimit(target.provider, key, self._calls_per_second, self._max_wait_s)


async def _record_outcome(entry: LedgerEntry, error: DemoError) -> None:
    """How a call that was sent ended, by the error that it ended in; the last attempt's, if there were several."""
    billing, cause = classify_billing(error), str(error.facts.get("cause", error.slug))
    if isinstance(error, VendorError):
        answer = Answer(sanitize(error.code), sanitize(error.request_id or ""))
        await (entry.mark_unknown("vendor_code", answer) if billing is Billing.UNKNOWN else entry.mark_refused(answer))
    elif billing in (Billing.NOT_SENT, Billing.NOT_PROCESSED):
        await entry.mark_undelivered(cause)
    else:
        await entry.mark_unknown(cause)
