"""What the failure lab calls instead of a vendor: a server that fails on demand, and a separate ledger."""

import secrets
import shutil
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import anyio
import uvicorn
from pydantic import SecretStr
from starlette.applications import Starlette

from ..domain.model import CallTarget, Credentials
from ..ledger.lazy import LazyLedger
from ..settings import Settings
from .app import create_app
from .connection import ConnectionProtocol

CALL_TIMEOUT_S = 4.0  # short, so that a timeout can be demonstrated
STOP_TIMEOUT_S = 5.0
LAB_CREDENTIALS = Credentials(SecretStr("lab"), SecretStr("lab"))  # shorter than what redaction treats as a secret
LAB_APP_FACTORY = partial(create_app, lab=True, single_use_links=True)


class ThreadedServer:
    """Serves an app on a loopback port from a thread: connections can only be cut off over a socket, not in process.

    app_factory: creates the app at the first start; by default the offline server with its failure lab.
    """

    def __init__(self, app_factory: Callable[[], Starlette] = LAB_APP_FACTORY) -> None:
        self._app_factory = app_factory
        self._app: Starlette | None = None
        self._lock = threading.Lock()
        self._running: tuple[str, uvicorn.Server, threading.Thread] | None = None

    def start(self) -> str:
        """Start it unless it runs; returns its base URL. Blocks. Raises OSError if no port is available."""
        with self._lock:
            if self._running is None:
                self._app = self._app_factory()
                listen_socket = socket.create_server(("127.0.0.1", 0), backlog=128)
                config = uvicorn.Config(
                    self._app,
                    http=ConnectionProtocol,
                    ws="none",
                    access_log=False,
                    log_config=None,
                    timeout_graceful_shutdown=1,
                )
                server = uvicorn.Server(config)
                thread = threading.Thread(target=server.run, args=([listen_socket],), name="failure lab", daemon=True)
                thread.start()
                self._running = f"http://127.0.0.1:{listen_socket.getsockname()[1]}", server, thread
            return self._running[0]  # the socket listens already: connections wait until the server accepts them

    def stop(self) -> None:
        """Stop it if it runs. Blocks, at most `STOP_TIMEOUT_S`."""
        with self._lock:
            if self._running is not None:
                _, server, thread = self._running
                server.should_exit = True
                thread.join(STOP_TIMEOUT_S)
                self._running = None

    @property
    def charges(self) -> Counter[str]:
        """The calls that a vendor would have billed, by endpoint."""
        return self._app.state.charges if self._app else Counter()


class FailureLabBackend:
    """The lab's server and its ledger. Both are created at the first call and removed when the app stops."""

    def __init__(self, settings: Settings) -> None:
        # Only a name: the ledger creates the folder, with access for the owner alone, at the first call.
        self._ledger_dir = f"{tempfile.gettempdir()}/meitu_demo_lab_{secrets.token_hex(16)}"
        self._server = ThreadedServer()
        self.ledger = LazyLedger(
            replace(settings, data_dir=self._ledger_dir, database_url=None, calls_per_day=None, calls_per_hour=None)
        )

    async def create_target(self, vendor_id: str, fault: str) -> CallTarget:
        """The lab's server as target of a call that ends with `fault`; "" for a call that succeeds."""
        address = await anyio.to_thread.run_sync(self._server.start)
        headers = {"x-fault": fault} if fault else {}
        return CallTarget(
            vendor_id,
            address,
            LAB_CREDENTIALS,
            is_billable=True,
            is_failure_lab=True,
            extra_headers=headers,
            timeout_s=CALL_TIMEOUT_S,
        )

    async def count_states(self) -> Counter[str]:
        """The number of calls in each of the ledger's states."""
        return await (await self.ledger.get_recorder()).ledger.count_states()

    @property
    def billed_count(self) -> int:
        """How many calls a vendor would have billed, as the lab's server counts them."""
        return self._server.charges.total()

    async def close(self) -> None:
        """Stop the server and delete the ledger."""
        await anyio.to_thread.run_sync(self._server.stop)
        await self.ledger.close()
        await anyio.to_thread.run_sync(shutil.rmtree, self._ledger_dir, True)
