"""Each fault at each endpoint, many times: an intent is charged at most once, and every end is explained."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr
from support.failure_lab_server import NEVER_ANSWERED, charges, check, serve_vendor

from chaos.call_stack import CONNECT_S, WRITE_S, CallStack, open_call_stack, wait_for_end
from meitu_demo.calls import pipeline
from meitu_demo.domain.billing import Billing
from meitu_demo.domain.model import CallTarget, Credentials, Image, PreparedCall
from meitu_demo.domain.translations import load_toml
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.offline.faults import CODE_PREFIX, FAULTS, Fault, resolve_fault
from meitu_demo.photos import codec, fit

pytestmark = pytest.mark.chaos

KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
SIDE_PX = 160  # a small photo is fast to process
MAX_CONCURRENT = 8
SILENT_S, PATIENT_S = 0.3, 60.0  # for an answer: from a vendor that never gives one, and from one that works
PAUSES_S = (1 + 0.5) + (1 + 1.0)  # a second that the lab asks for and the longest jitter, before either repeat
COUNTED = {None, Billing.UNKNOWN, Billing.DONE}


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    """The address of a server with the failure lab."""
    with serve_vendor("--lab") as address:
        yield address


def list_faults(vendor_id: str) -> list[str]:
    """All faults of the table and four codes: two with unknown billing, one undocumented, one rejection."""
    codes = load_toml("data/errors.toml")[vendor_id]["codes"]
    unknown, refused = (
        [code for code, row in codes.items() if row["outcome"] == end] for end in ("unknown", "refused")
    )
    return [*FAULTS, *(CODE_PREFIX + code for code in (*unknown[:2], "77777", refused[0]))]


def max_seconds(name: str, fault: Fault) -> float:
    """Seconds that an intent may take: connect, send and answer of each attempt, and the pauses between them."""
    once = CONNECT_S + WRITE_S + (SILENT_S if name in NEVER_ANSWERED else PATIENT_S)
    return 3 * once + PAUSES_S if fault.outcome is Billing.NOT_PROCESSED else once


async def click_three_times(
    call_stack: CallStack, target: CallTarget, call: PreparedCall, fault: Fault, session: str
) -> float:
    """Click twice, then once more after the end; return the double click's seconds."""
    fingerprint = call_stack.paid_calls.compute_fingerprint(call)
    start = time.perf_counter()
    first, second = (call_stack.click(session, target, call, fingerprint) for _ in range(2))
    found, joined = await asyncio.gather(wait_for_end(first), wait_for_end(second))
    elapsed_s = time.perf_counter() - start
    assert (first.is_duplicate, second.is_duplicate, found is joined) == (False, True, True)
    check(found, fault)
    third = call_stack.click(session, target, call, fingerprint)
    check(await wait_for_end(third), fault)
    assert third.is_duplicate is (fault.outcome in COUNTED)
    return elapsed_s


async def run_concurrently(works: list[Callable[[], Awaitable[float]]]) -> list[float]:
    """Run at most MAX_CONCURRENT of `works` at a time; return their results."""
    semaphore = asyncio.Semaphore(MAX_CONCURRENT)

    async def run_one(work: Callable[[], Awaitable[float]]) -> float:
        async with semaphore:
            return await work()

    return await asyncio.gather(*map(run_one, works))


async def click_with_each_fault(
    endpoint: str, lab: str, photo: bytes, folder: Path, times: int, figure: Callable[[str], None]
) -> None:
    """Click `times` with each fault; check what that costs, how long it takes and how it ends."""
    vendor_id = CATALOGUE[endpoint].vendor_id
    call = await pipeline.prepare(CATALOGUE[endpoint], photo, {})
    worst: dict[bool, tuple[float, str]] = {}
    sums: Counter[str] = Counter()
    async with open_call_stack(folder) as call_stack:
        for name in list_faults(vendor_id):
            fault, before = resolve_fault(name, vendor_id), charges(lab).get(endpoint, 0)
            timeout_s = SILENT_S if name in NEVER_ANSWERED else PATIENT_S
            target = CallTarget(
                vendor_id, lab, KEYS, is_billable=True, extra_headers={"x-fault": name}, timeout_s=timeout_s
            )
            elapsed_s = await run_concurrently(
                [
                    partial(click_three_times, call_stack, target, call, fault, f"{name} {number}")
                    for number in range(times)
                ]
            )
            p99 = float(np.percentile(elapsed_s, 99))
            charged = charges(lab).get(endpoint, 0) - before
            assert charged == times * fault.billed, name
            assert p99 <= max_seconds(name, fault), name
            worst[name in NEVER_ANSWERED] = max(worst.get(name in NEVER_ANSWERED, (0.0, "")), (p99, name))
            sums.update(faults=1, intents=times, charges=charged, counted=times * (fault.outcome in COUNTED))
        rows = call_stack.count_rows()
    assert rows["reserved"] == rows["sent"] == 0
    assert rows["confirmed"] + rows["unknown"] == sums["counted"]
    figure(
        f"faults, {endpoint}: {sums['faults']} × {times} intents of three clicks, {sums['charges']} charges, "
        f"0 duplicates, 100 % explained; p99 {worst[True][0]:.2f} s where no answer comes (limit "
        f"{max_seconds('drip', FAULTS['drip']):.1f} s), at most {worst[False][0]:.2f} s else ({worst[False][1]}, limit "
        f"{max_seconds(worst[False][1], resolve_fault(worst[False][1], vendor_id)):.1f} s)"
    )


async def test_fault_never_charges_an_intent_twice(
    lab: str, portrait_pixels: Image, folder: Path, rounds: Callable[[int], int], figure: Callable[[str], None]
) -> None:
    """With each fault at each endpoint an intent costs once what the fault costs, ends in time and is explained.

    The endpoints are tried at the same time, because most of it is waiting: for answers that never come, and before a
    call is repeated.
    """
    small = codec.encode(fit.shrink(portrait_pixels, (SIDE_PX, SIDE_PX)))
    async with asyncio.TaskGroup() as tasks:
        for endpoint in CATALOGUE:
            tasks.create_task(click_with_each_fault(endpoint, lab, small, folder / endpoint, rounds(20), figure))
