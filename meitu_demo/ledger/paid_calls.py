"""Records each paid call in the ledger: reserved before it is sent, its outcome afterwards.

An error that ends a call decides the outcome: `domain.billing` tells whether it may have been billed.
"""

import logging
import secrets
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import insert, select

from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError, OutcomeUnknown, VendorError
from ..domain.model import CallTarget, PreparedCall
from ..redaction.secrets import format_stack_trace
from ..redaction.text import sanitize
from ..runtime.client_address import resolve_client_address
from ..settings import Network, Settings
from . import hashing
from .async_ledger import BeforeSend, Ledger, PaidCall
from .database import Database
from .limits import Budgets, RateLimit
from .store import Answer, Intent, Store
from .tables import PaidCallState, shared_secrets

SECRET_FILE_NAME = "visitors.key"
SHARED_SECRET_NAME = "visitors"
log = logging.getLogger(__name__)


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
            secret = hashing.load_or_create_secret(Path(settings.data_dir) / SECRET_FILE_NAME)
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
        visitor_id = hashing.verify_visitor_cookie(cookie, self._secret, time.time())
        return visitor_id or resolve_client_address(peer, forwarded_for, self._trusted_proxies)

    def create_cookie(self) -> str:
        """The cookie's value for a new visitor."""
        return hashing.sign_visitor_cookie(hashing.generate_visitor_id(), self._secret, time.time())

    def is_valid_cookie(self, cookie: str) -> bool:
        """Whether `cookie` was signed here within the last year."""
        return hashing.verify_visitor_cookie(cookie, self._secret, time.time()) is not None

    def compute_fingerprint(self, prepared: PreparedCall) -> str:
        """Fingerprint of endpoint, values and photo. Run it in a worker thread: it hashes the whole photo."""
        return hashing.fingerprint_request(prepared.endpoint.id, prepared.values, prepared.photo.data, self._secret)

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
            endpoint.vendor_id, endpoint.id, fingerprint, hashing.hash_visitor(visitor, self._secret), target.billed_to
        )
        async with self.ledger.reserve(intent, self._build_rate_limit(target), before_send) as call:
            try:
                yield call
            except DemoError as error:
                if call.state is PaidCallState.SENT:
                    await _record_outcome(call, error)
                raise
            except Exception as error:
                if call.state is not PaidCallState.SENT:
                    raise
                log.error("%s failed after it was sent\n%s", endpoint.id, format_stack_trace(error))
                await call.mark_unknown("unexpected")
                raise OutcomeUnknown(vendor=endpoint.vendor_id, cause="unexpected") from None  # its text may hold a URL

    def _build_rate_limit(self, target: CallTarget) -> RateLimit | None:
        if self._calls_per_second is None:
            return None
        key = hashing.hash_key(target.credentials.key.get_secret_value(), self._secret)
        return RateLimit(target.vendor_id, key, self._calls_per_second, self._max_wait_s)


def load_or_create_shared_secret(database: Database) -> bytes:
    """The secret of `hashing` for replicas that share no folder. Raises LedgerUnavailable or ValueError."""
    query = select(shared_secrets.c.value).where(shared_secrets.c.name == SHARED_SECRET_NAME)
    with database.exclusive() as connection:  # if two replicas start at once, the first one's secret is used
        value = connection.execute(query).scalar_one_or_none()
        if value is None:
            value = secrets.token_hex(hashing.SECRET_BYTES)
            connection.execute(insert(shared_secrets).values(name=SHARED_SECRET_NAME, value=value))
    return hashing.check_secret(bytes.fromhex(value))


async def _record_outcome(call: PaidCall, error: DemoError) -> None:
    """Record the outcome of a call that was sent and whose last attempt ended in `error`."""
    billing, cause = classify_billing(error), str(error.facts.get("cause", error.slug))
    if isinstance(error, VendorError):
        answer = Answer(sanitize(error.code), sanitize(error.request_id or ""))
        await (call.mark_unknown("vendor_code", answer) if billing is Billing.UNKNOWN else call.mark_refused(answer))
    elif billing in (Billing.NOT_SENT, Billing.NOT_PROCESSED):
        await call.mark_undelivered(cause)
    else:
        await call.mark_unknown(cause)
