"""Where the accounts are kept until a call can cost money: the ledger's database is loaded and opened no sooner.

Without a live key a start stays quick. Imports `settings`, and `accounts` when it is needed.
"""

import logging
import time
from typing import TYPE_CHECKING

import anyio

from .errors import LedgerUnavailable
from .settings import Settings, SettingsError

if TYPE_CHECKING:
    from .accounts import Accounts

log = logging.getLogger(__name__)


class Till:
    """The accounts of one ledger, opened at most once. For one event loop, but for `open_now`."""

    def __init__(self, settings: Settings) -> None:
        self.accounts: Accounts | None = None
        self._settings = settings
        self._opened = anyio.Event()  # anyio makes it real in the loop that first waits for it
        self._opening = anyio.Lock()
        self._failed: tuple[float, str] | None = None  # when opening last failed, on the monotonic clock, and of what

    def open_now(self) -> None:
        """For the start, when there are keys.

        Raises ValueError, OSError or LedgerUnavailable when paid calls cannot be written down.
        """
        from .accounts import Accounts

        self.accounts = Accounts.open(self._settings)

    def require(self) -> None:
        """`open_now` for the start, when there are keys. Raises SettingsError when no paid call could be written down.

        A server that does not answer is no reason: it may come later, and until then offline goes on.
        """
        where = "DATABASE_URL" if self._settings.database_url else "DATA_DIR"
        own = self._settings.ledger_url().startswith("sqlite")
        try:
            self.open_now()
            if own and self.accounts:
                self.accounts.ledger.store.sweep()
        except LedgerUnavailable as error:
            if not own:
                log.warning("DATABASE_URL: live calls wait for the database (%s)", error.facts["cause"])
                return
            raise SettingsError(f"{where}: no call can be written down there ({error.facts['cause']})") from None
        except OSError as error:
            raise SettingsError(f"DATA_DIR cannot be written ({error.strerror or type(error).__name__})") from None
        except ValueError as error:
            raise SettingsError(f"{where}: {error}") from None

    async def open(self) -> "Accounts":
        """The accounts. Raises LedgerUnavailable; who has waited for a try of somebody else's shares its end."""
        came = time.monotonic()
        async with self._opening:
            if self.accounts is None:
                if self._failed and self._failed[0] > came:
                    raise LedgerUnavailable(cause=self._failed[1])
                try:
                    await anyio.to_thread.run_sync(self.open_now)
                except (OSError, ValueError, LedgerUnavailable) as error:
                    cause = str(error.facts["cause"]) if isinstance(error, LedgerUnavailable) else type(error).__name__
                    log.warning("paid calls cannot be written down: %s", cause)
                    self._failed = time.monotonic(), cause
                    raise LedgerUnavailable(cause=cause) from None
            assert self.accounts is not None
            self._opened.set()
            return self.accounts

    async def tend(self) -> None:
        """For as long as the app lives: keep the leases of calls under way, once there is a ledger."""
        if self.accounts is None:
            await self._opened.wait()
        if self.accounts is not None:
            await self.accounts.ledger.run_heartbeat()

    async def close(self) -> None:
        """Give the database's connections back."""
        if self.accounts is not None:
            await self.accounts.ledger.close()
