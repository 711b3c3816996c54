"""Desk, service and ledger composed as the app composes them, on one client; for the tests with real sockets."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from meitu_demo.calls import pipeline
from meitu_demo.calls.single_flight import CallHandle, SingleFlight
from meitu_demo.calls.vendor_health import VendorHealth
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.model import CallTarget, PreparedCall
from meitu_demo.ledger.paid_calls import PaidCallRecorder
from meitu_demo.ledger.report import tally_calls
from meitu_demo.settings import Settings

CONNECT_S, WRITE_S = 5.0, 5.0


@dataclass
class Shop:
    """What stands between a click and the vendor."""

    client: httpx.AsyncClient
    accounts: PaidCallRecorder
    line: VendorHealth = field(default_factory=VendorHealth)
    desk: SingleFlight = field(default_factory=lambda: SingleFlight(1800.0))

    def click(self, session: str, route: CallTarget, order: PreparedCall, fingerprint: str) -> CallHandle:
        """One click, as `CallService.start` hands it in."""

        async def ask(watch: pipeline.ProgressCallback) -> pipeline.VendorReply:
            pay = partial(self.accounts.record, route, order, fingerprint=fingerprint, visitor=session)
            return await pipeline.send(
                self.client, route, order, on_progress=watch, open_paid_call=pay, health=self.line
            )

        async def collect(asked: pipeline.VendorReply, watch: pipeline.ProgressCallback) -> pipeline.CallResult:
            return await pipeline.fetch_result(self.client, route, order, asked, on_progress=watch)

        return self.desk.submit(session, f"{route.mode} {fingerprint}", ask, collect)

    def rows(self) -> Counter[str]:
        """The ledger's rows by state."""
        rows: Counter[str] = Counter()
        for found in tally_calls(self.accounts.ledger.store, 0, 1e12):
            rows.update({str(state): count for state, count in found.states.items()})
        return rows


@asynccontextmanager
async def open_shop(
    folder: Path, line: VendorHealth | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[Shop]:
    """A shop without caps and rates, with a ledger in `folder`."""
    accounts = PaidCallRecorder.from_settings(Settings(data_dir=str(folder), calls_per_second=None))
    timeout = httpx.Timeout(20, connect=CONNECT_S, write=WRITE_S)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False, transport=transport) as client:
        yield Shop(client, accounts, line or VendorHealth())
    await accounts.ledger.close()


async def end_of(ticket: CallHandle) -> pipeline.CallResult | DemoError:
    """What came of it."""
    try:
        return await ticket.result()
    except DemoError as error:
        return error
    finally:
        ticket.release()
