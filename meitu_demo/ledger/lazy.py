"""Lazy ledger: opens the database when the first paid call needs it, so that a demo without keys has none.

It also loads the rest of the package then: SQLAlchemy takes a twentieth of the demo's start. Other packages import this
module and `hashing`; what they name of the others is for type checkers alone.

`LazyLedger.verify_at_startup` opens it at once instead, and turns what is wrong into a SettingsError.
"""

import logging
import time
from typing import TYPE_CHECKING

import anyio

from ..domain.errors import LedgerUnavailable
from ..settings import Settings, SettingsError

if TYPE_CHECKING:
    from .paid_calls import PaidCallRecorder

log = logging.getLogger(__name__)


class LazyLedger:
    """The ledger, opened at most once. Bound to one event loop, except `connect`."""

    def __init__(self, settings: Settings) -> None:
        self.recorder: PaidCallRecorder | None = None
        self._settings = settings
        self._connected = anyio.Event()
        self._connect_lock = anyio.Lock()
        self._last_failure: tuple[float, str] | None = None  # (monotonic time, cause)

    def connect(self) -> None:
        """Open the ledger. Raises ValueError, OSError or LedgerUnavailable when paid calls cannot be recorded."""
        from .paid_calls import PaidCallRecorder

        self.recorder = PaidCallRecorder.from_settings(self._settings)

    def verify_at_startup(self) -> None:
        """Connect at startup, when there are keys. Raises SettingsError when paid calls could not be recorded.

        A database server that does not answer is only logged: it may start later, and offline calls work without it.
        """
        setting = "DATABASE_URL" if self._settings.database_url else "DATA_DIR"
        is_sqlite = self._settings.ledger_url().startswith("sqlite")
        try:
            self.connect()
            if is_sqlite and self.recorder:
                self.recorder.ledger.store.sweep()
        except LedgerUnavailable as error:
            if not is_sqlite:
                log.warning("DATABASE_URL: live calls wait for the database (%s)", error.facts["cause"])
                return
            raise SettingsError(f"{setting}: no call can be written down there ({error.facts['cause']})") from None
        except OSError as error:
            raise SettingsError(f"DATA_DIR cannot be written ({error.strerror or type(error).__name__})") from None
        except ValueError as error:
            raise SettingsError(f"{setting}: {error}") from None

    async def get_recorder(self) -> "PaidCallRecorder":
        """The recorder; connects first if needed. Raises LedgerUnavailable. Concurrent callers share one attempt."""
        requested_at = time.monotonic()
        async with self._connect_lock:
            if self.recorder is None:
                if self._last_failure and self._last_failure[0] > requested_at:
                    raise LedgerUnavailable(cause=self._last_failure[1])
                try:
                    await anyio.to_thread.run_sync(self.connect)
                except (OSError, ValueError, LedgerUnavailable) as error:
                    cause = str(error.facts["cause"]) if isinstance(error, LedgerUnavailable) else type(error).__name__
                    log.warning("paid calls cannot be written down: %s", cause)
                    self._last_failure = time.monotonic(), cause
                    raise LedgerUnavailable(cause=cause) from None
            assert self.recorder is not None
            self._connected.set()
            return self.recorder

    async def run_heartbeat(self) -> None:
        """Wait for the ledger to be opened, then renew leases for as long as the app runs."""
        if self.recorder is None:
            await self._connected.wait()
        if self.recorder is not None:
            await self.recorder.ledger.run_heartbeat()

    async def close(self) -> None:
        if self.recorder is not None:
            await self.recorder.ledger.close()
