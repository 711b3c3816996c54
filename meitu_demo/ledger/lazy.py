"""Where the accounts are kept until a call can cost money: the ledger's database is loaded and opened no sooner.

Without a live key a start stays quick. Imports `settings`, and `recorder` when it is needed.
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
    """The accounts of one ledger, opened at most once. For one event loop, but for `connect`."""

    def __init__(self, settings: Settings) -> None:
        self.recorder: PaidCallRecorder | None = None
        self._settings = settings
        self._connected = anyio.Event()  # anyio makes it real in the loop that first waits for it
        self._connect_lock = anyio.Lock()
        self._last_failure: tuple[float, str] | None = (
            None  # when opening last failed, on the monotonic clock, and of what
        )

    def connect(self) -> None:
        """For the start, when there are keys.

        Raises ValueError, OSError or LedgerUnavailable when paid calls cannot be written down.
        """
        from .paid_calls import PaidCallRecorder

        self.recorder = PaidCallRecorder.from_settings(self._settings)

    def verify_at_startup(self) -> None:
        """`connect` for the start, when there are keys. Raises SettingsError when no paid call could be written down.

        A server that does not answer is no reason: it may come later, and until then offline goes on.
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
        """The accounts. Raises LedgerUnavailable; who has waited for a try of somebody else's shares its end."""
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
        """For as long as the app lives: keep the leases of calls under way, once there is a ledger."""
        if self.recorder is None:
            await self._connected.wait()
        if self.recorder is not None:
            await self.recorder.ledger.run_heartbeat()

    async def close(self) -> None:
        """Give the database's connections back."""
        if self.recorder is not None:
            await self.recorder.ledger.close()
