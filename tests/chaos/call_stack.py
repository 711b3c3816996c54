"""Single-flight, pipeline and ledger on one HTTP client, as in the app, for tests with real sockets."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx

from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import VendorHealth
from meitu_demo.calls.in_flight_call import CallSpec
from meitu_demo.calls.single_flight import CallHandle, SingleFlight
from meitu_demo.domain.errors import DemoError
from meitu_demo.domain.model import CallTarget, PreparedCall
from meitu_demo.ledger.paid_calls import PaidCallRecorder
from meitu_demo.ledger.report import tally_calls
from meitu_demo.settings import Settings

CONNECT_S, WRITE_S = 5.0, 5.0


@dataclass
class CallStack:
    """Everything between a click and the vendor."""

    client: httpx.AsyncClient
    paid_calls: PaidCallRecorder
    health: VendorHealth = field(default_factory=VendorHealth)
    single_flight: SingleFlight = field(default_factory=lambda: SingleFlight(1800.0))

    def click(self, session: str, target: CallTarget, call: PreparedCall, fingerprint: str) -> CallHandle:
        """Submit one click, as `CallService.start` does."""

        async def send(on_progress: pipeline.ProgressCallback) -> pipeline.VendorReply:
            open_paid_call = partial(self.paid_calls.record, target, call, fingerprint=fingerprint, visitor=session)
            return await pipeline.send(
                self.client, target, call, on_progress=on_progress, open_paid_call=open_paid_call, health=self.health
            )

        async def fetch(reply: pipeline.VendorReply, on_progress: pipeline.ProgressCallback) -> pipeline.CallResult:
            return await pipeline.fetch_result(self.client, target, call, reply, on_progress=on_progress)

        return self.single_flight.submit(session, f"{target.mode} {fingerprint}", CallSpec(send, fetch, target))

    def count_rows(self) -> Counter[str]:
        """Count the ledger's rows by state."""
        rows: Counter[str] = Counter()
        for tally in tally_calls(self.paid_calls.ledger.store, 0, 1e12):
            rows.update({str(state): count for state, count in tally.states.items()})
        return rows


@asynccontextmanager
async def open_call_stack(
    folder: Path, health: VendorHealth | None = None, transport: httpx.AsyncBaseTransport | None = None
) -> AsyncIterator[CallStack]:
    """Open a call stack without spending caps and rate limits, with a ledger in `folder`."""
    paid_calls = PaidCallRecorder.from_settings(Settings(data_dir=str(folder), calls_per_second=None))
    timeout = httpx.Timeout(20, connect=CONNECT_S, write=WRITE_S)
    async with httpx.AsyncClient(timeout=timeout, trust_env=False, transport=transport) as client:
        yield CallStack(client, paid_calls, health or VendorHealth())
    await paid_calls.ledger.close()


async def wait_for_end(handle: CallHandle) -> pipeline.CallResult | DemoError:
    """Wait for the call's end and return its result or error."""
    try:
        return await handle.result()
    except DemoError as error:
        return error
    finally:
        handle.release()
