"""What the failure lab calls instead of a vendor: a server that fails on demand, with a ledger of its own."""

import secrets
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import replace

import anyio
from pydantic import SecretStr

from ..domain.model import CallTarget, Credentials
from ..ledger.lazy import LazyLedger
from ..offline.threaded_server import ThreadedServer
from ..settings import Settings

CALL_TIMEOUT_S = 4.0  # nobody wants to watch a minute go by
LAB_CREDENTIALS = Credentials(SecretStr("lab"), SecretStr("lab"))  # short, or the word would be guarded as a secret


class FailureLabBackend:
    """The lab's server and its ledger; both are made at the first call, and go when the app stops."""

    def __init__(self, settings: Settings) -> None:
        # A name only: the ledger makes the folder, for the owner's eyes, if anybody ever comes.
        self._ledger_dir = f"{tempfile.gettempdir()}/meitu_demo_lab_{secrets.token_hex(16)}"
        self._server = ThreadedServer()
        self.ledger = LazyLedger(
            replace(settings, data_dir=self._ledger_dir, database_url=None, calls_per_day=None, calls_per_hour=None)
        )

    async def create_target(self, provider: str, fault: str) -> CallTarget:
        """The way to the lab's server, where a call ends as `fault` says; "" for well."""
        address = await anyio.to_thread.run_sync(self._server.start)
        headers = {"x-fault": fault} if fault else {}
        return CallTarget(
            provider,
            address,
            LAB_CREDENTIALS,
            is_billable=True,
            is_failure_lab=True,
            extra_headers=headers,
            timeout_s=CALL_TIMEOUT_S,
        )

    async def count_states(self) -> Counter[str]:
        """How many calls ended how, by the ledger's states."""
        from ..ledger.report import tally_calls

        recorder = await self.ledger.get_recorder()
        rows = await recorder.ledger.run_in_thread(tally_calls, recorder.ledger.store, 0.0, time.time() + 60)
        return sum((row.states for row in rows), Counter())

    @property
    def billed_count(self) -> int:
        """The calls that the lab's server would have billed, by its own count."""
        return self._server.charges.total()

    async def close(self) -> None:
        """Stop the server, and leave nothing of the ledger."""
        await anyio.to_thread.run_sync(self._server.stop)
        await self.ledger.close()
        await anyio.to_thread.run_sync(shutil.rmtree, self._ledger_dir, True)
