"""Each fault, at each endpoint, again and again: one intent is charged once at most, and every end is explained."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr
from support.failure_lab_server import NEVER_ANSWERED, charges, check, serving

from chaos.call_stack import CONNECT_S, WRITE_S, Shop, end_of, open_shop
from meitu_demo.calls import pipeline
from meitu_demo.domain.model import CallTarget, Credentials, Image, PreparedCall
from meitu_demo.domain.translations import load_toml
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline.faults import CODE_PREFIX, FAULTS, Fault, FaultOutcome, resolve_fault
from meitu_demo.photos import codec, fit

pytestmark = pytest.mark.chaos

KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
SIDE = 160  # pixels of the photo: quick to work on
AT_ONCE = 8
SILENT_S, PATIENT_S = 0.3, 60.0  # for an answer: from a vendor that never gives one, and from one that works
PAUSES_S = (1 + 0.5) + (1 + 1.0)  # a second that the lab asks for and the longest jitter, before either repeat
COUNTED = {FaultOutcome.SUCCEEDED, FaultOutcome.UNKNOWN, FaultOutcome.RESULT_LOST}


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    """A server with the lab."""
    with serving("--lab") as address:
        yield address


def faults_of(provider: str) -> list[str]:
    """All of the table, and codes: two that may have been billed, one that is in no list, and a refusal."""
    codes = load_toml("data/errors.toml")[provider]["codes"]
    unknown, refused = (
        [code for code, row in codes.items() if row["outcome"] == end] for end in ("unknown", "refused")
    )
    return [*FAULTS, *(CODE_PREFIX + code for code in (*unknown[:2], "77777", refused[0]))]


def limit(name: str, fault: Fault) -> float:
    """Seconds that an intent may take: each attempt's connecting, sending and answer, and the pauses between them."""
    once = CONNECT_S + WRITE_S + (SILENT_S if name in NEVER_ANSWERED else PATIENT_S)
    return 3 * once + PAUSES_S if fault.outcome is FaultOutcome.NOT_PROCESSED else once


async def intent(shop: Shop, route: CallTarget, order: PreparedCall, fault: Fault, session: str) -> float:
    """A double click, then one more after the end; how long the double click took."""
    fingerprint = shop.accounts.compute_fingerprint(order)
    start = time.perf_counter()
    first, second = (shop.click(session, route, order, fingerprint) for _ in range(2))
    found, joined = await asyncio.gather(end_of(first), end_of(second))
    took = time.perf_counter() - start
    assert (first.is_duplicate, second.is_duplicate, found is joined) == (False, True, True)
    check(found, fault)
    late = shop.click(session, route, order, fingerprint)
    check(await end_of(late), fault)
    assert late.is_duplicate is (fault.outcome in COUNTED)
    return took


async def a_few_at_once(works: list[Callable[[], Awaitable[float]]]) -> list[float]:
    """What each of them comes to."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(work: Callable[[], Awaitable[float]]) -> float:
        async with room:
            return await work()

    return await asyncio.gather(*map(one, works))


@pytest.mark.parametrize("endpoint", sorted(CATALOGUE))
async def test_fault_never_charges_an_intent_twice(
    endpoint: str,
    lab: str,
    portrait_pixels: Image,
    folder: Path,
    rounds: Callable[[int], int],
    figure: Callable[[str], None],
) -> None:
    """Whatever goes wrong: the vendor counts what the fault would cost once, in time, and people are told the truth."""
    provider, times = CATALOGUE[endpoint].provider, rounds(100)
    times = times if times == 100 else 2  # `make test` runs each fault twice, or it would take most of a minute
    small = codec.encode(fit.shrink(portrait_pixels, (SIDE, SIDE)))
    order = await pipeline.prepare(CATALOGUE[endpoint], small, {})
    worst: dict[bool, tuple[float, str]] = {}
    sums: Counter[str] = Counter()
    async with open_shop(folder) as shop:
        for name in faults_of(provider):
            fault, before = resolve_fault(name, provider), charges(lab).get(endpoint, 0)
            patience = SILENT_S if name in NEVER_ANSWERED else PATIENT_S
            route = CallTarget(
                provider, lab, KEYS, is_billable=True, extra_headers={"x-fault": name}, timeout_s=patience
            )
            took = await a_few_at_once(
                [partial(intent, shop, route, order, fault, f"{name} {number}") for number in range(times)]
            )
            p99 = float(np.percentile(took, 99))
            charged = charges(lab).get(endpoint, 0) - before
            assert charged == times * fault.billed, name
            assert p99 <= limit(name, fault), name
            worst[name in NEVER_ANSWERED] = max(worst.get(name in NEVER_ANSWERED, (0.0, "")), (p99, name))
            sums.update(faults=1, intents=times, charges=charged, counted=times * (fault.outcome in COUNTED))
        rows = shop.rows()
    assert rows["reserved"] == rows["sent"] == 0
    assert rows["confirmed"] + rows["unknown"] == sums["counted"]
    figure(
        f"faults, {endpoint}: {sums['faults']} × {times} intents of three clicks, {sums['charges']} charges, "
        f"0 duplicates, 100 % explained; p99 {worst[True][0]:.2f} s where no answer comes (limit "
        f"{limit('drip', FAULTS['drip']):.1f} s), at most {worst[False][0]:.2f} s else ({worst[False][1]}, limit "
        f"{limit(worst[False][1], resolve_fault(worst[False][1], provider)):.1f} s)"
    )
