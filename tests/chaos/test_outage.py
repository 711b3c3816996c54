"""A vendor is down for a minute while fifty visitors click: calls to it stop, and resume when it is back."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.call_stack import open_call_stack
from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import MAX_FAILURES, OPEN_S, WINDOW_S, VendorHealth
from meitu_demo.domain.model import CallTarget
from meitu_demo.endpoints import CATALOGUE

from .outage import KEYS, CountingTransport, Crowd, FailingVendor, RecordingCircuitBreaker

pytestmark = pytest.mark.chaos

OUTAGE_S, RECOVERED_S = 60.0, 35.0
THINK_S, PATIENCE_S = (0.8, 2.0), 10.0
SLACK_S = 10.0  # of a short round, for a machine that is busy with other things


async def go_through_outage(
    failure: str, portrait: bytes, folder: Path, people: int, figure: Callable[[str], None]
) -> None:
    """Let `people` click before, during and after an outage, which ends at the worst moment: a probe has just failed.

    Checks the calls for each click, the breaker's opening, and that all are served afterwards.
    """
    scale = people / 50  # a tenth of the people, in a tenth of the time
    transport = CountingTransport()
    breaker = RecordingCircuitBreaker(
        "meitu", max_failures=MAX_FAILURES, window_s=WINDOW_S * scale, open_s=OPEN_S * scale
    )
    breaker.transport, breaker.failures, breaker.probe_failed = transport, [], asyncio.Event()
    vendor = FailingVendor(portrait, failure)
    await vendor.start()
    call = await pipeline.prepare(CATALOGUE["quality_restoration"], portrait, {})
    async with open_call_stack(folder, VendorHealth(breaker), transport) as call_stack:
        target = CallTarget(
            "meitu", f"http://127.0.0.1:{vendor.port}", KEYS, is_billable=True, timeout_s=PATIENCE_S * scale
        )
        crowd = Crowd(call_stack, target, call, (THINK_S[0] * scale, THINK_S[1] * scale))
        async with crowd.click_during(people):
            await asyncio.wait_for(crowd.wait_until_all_served(people, 0), 60)
            await vendor.stop()
            stopped_at, calls = time.monotonic(), transport.calls
            await asyncio.sleep(OUTAGE_S * scale)
            breaker.probe_failed.clear()
            await asyncio.wait_for(breaker.probe_failed.wait(), 2 * OPEN_S * scale + 60)
            calls = transport.calls - calls
            crowd.succeeded.clear()
            await vendor.start()
            resumed_at = time.monotonic()
            await asyncio.wait_for(crowd.succeeded.wait(), RECOVERED_S)
            recovered = time.monotonic() - resumed_at
            await asyncio.wait_for(crowd.wait_until_all_served(people, resumed_at + recovered), 60)
        rows = call_stack.count_rows()
    await vendor.close()
    during = [outcome for _, started, outcome in crowd.ends if stopped_at <= started < resumed_at]
    after = Counter(outcome for _, started, outcome in crowd.ends if started > resumed_at + recovered)
    ratio, kinds = calls / len(during), ", ".join(f"{outcome} {count}" for outcome, count in Counter(during).items())
    figure(
        f"outage, {failure}, {resumed_at - stopped_at:.0f} s, {people} people: {calls} calls for {len(during)} intents "
        f"({ratio:.3f} each; {kinds}), open after {len(breaker.failures)} failures with "
        f"{breaker.in_flight} under way, first success {recovered:.1f} s after the end"
    )
    assert ratio <= 1.1
    assert len(breaker.failures) == MAX_FAILURES
    assert recovered <= RECOVERED_S * scale + SLACK_S * (1 - scale)
    assert set(after) == {"success"}
    assert rows["reserved"] == rows["sent"] == 0


async def test_circuit_breaker_spares_a_vendor_during_an_outage(
    portrait: bytes, folder: Path, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """At most 1.1 calls per click are sent, the fifth failure opens the breaker, and after recovery all are served.

    Three vendors, each failing in its own way, are down at the same time, because all of it is waiting.
    """
    async with asyncio.TaskGroup() as tasks:
        for failure in ("refuses", "resets", "is silent"):
            tasks.create_task(go_through_outage(failure, portrait, folder / failure, rounds(50), figure))
