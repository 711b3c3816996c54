"""A vendor is away for a minute while fifty people click: it is left alone, and found again when it is back."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.call_stack import open_shop
from meitu_demo.calls import pipeline
from meitu_demo.calls.circuit_breaker import MAX_FAILURES, OPEN_S, WINDOW_S
from meitu_demo.calls.vendor_health import VendorHealth
from meitu_demo.domain.model import CallTarget
from meitu_demo.endpoints import CATALOGUE

from .outage import KEYS, Counting, Crowd, Vendor, Watched

pytestmark = pytest.mark.chaos

OUTAGE_S, RECOVERED_S = 60.0, 35.0
THINK_S, PATIENCE_S = (0.8, 2.0), 10.0
SLACK_S = 2.0  # for a machine that is busy with other things


@pytest.mark.parametrize("how", ["refuses", "resets", "is silent"])
async def test_circuit_breaker_spares_a_vendor_during_an_outage(
    how: str, portrait: bytes, folder: Path, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """Hardly more is sent than is clicked, the fifth failure in a row stops it, and soon after everybody is served.

    The outage ends in the worst moment: when somebody has just looked whether it is over.
    """
    people = rounds(50)
    scale = people / 50  # a tenth of the people, in a tenth of the time
    transport = Counting()
    breaker = Watched("meitu", max_failures=MAX_FAILURES, window_s=WINDOW_S * scale, open_s=OPEN_S * scale)
    breaker.transport, breaker.failures, breaker.probe_failed = transport, [], asyncio.Event()
    vendor = Vendor(portrait, how)
    await vendor.come()
    order = await pipeline.prepare(CATALOGUE["quality_restoration"], portrait, {})
    async with open_shop(folder, VendorHealth(breaker), transport) as shop:
        route = CallTarget(
            "meitu", f"http://127.0.0.1:{vendor.port}", KEYS, is_billable=True, timeout_s=PATIENCE_S * scale
        )
        crowd = Crowd(shop, route, order, (THINK_S[0] * scale, THINK_S[1] * scale))
        async with crowd.clicking(people):
            await asyncio.wait_for(crowd.everybody_served(people, 0), 60)
            await vendor.go()
            gone, calls = time.monotonic(), transport.calls
            await asyncio.sleep(OUTAGE_S * scale)
            breaker.probe_failed.clear()
            await asyncio.wait_for(breaker.probe_failed.wait(), 2 * OPEN_S * scale + 5)
            calls = transport.calls - calls
            crowd.succeeded.clear()
            await vendor.come()
            back = time.monotonic()
            await asyncio.wait_for(crowd.succeeded.wait(), RECOVERED_S)
            recovered = time.monotonic() - back
            await asyncio.wait_for(crowd.everybody_served(people, back + recovered), 60)
        rows = shop.rows()
    await vendor.close()
    during = [word for _, begun, word in crowd.ends if gone <= begun < back]
    after = Counter(word for _, begun, word in crowd.ends if begun > back + recovered)
    ratio, kinds = calls / len(during), ", ".join(f"{word} {count}" for word, count in Counter(during).items())
    figure(
        f"outage, {how}, {back - gone:.0f} s, {people} people: {calls} calls for {len(during)} intents "
        f"({ratio:.3f} each; {kinds}), open after {len(breaker.failures)} failures with "
        f"{breaker.under_way} under way, first success {recovered:.1f} s after the end"
    )
    assert ratio <= 1.1
    assert len(breaker.failures) == MAX_FAILURES
    assert recovered <= max(RECOVERED_S * scale, OPEN_S * scale + SLACK_S)
    assert set(after) == {"success"}
    assert rows["reserved"] == rows["sent"] == 0
