"""EvaluationRun: whatever goes wrong, the vendor's own count equals the report's, and nothing is paid twice."""

import asyncio
import base64
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from meitu_demo.calls.http_client import create_http_client
from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.model import Image
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.evaluation.outcomes import Charge, Outcome, OutcomeKind
from meitu_demo.evaluation.photo_set import collect_photos, list_files
from meitu_demo.evaluation.plan import TARGETS, Job, Plan, Setup
from meitu_demo.evaluation.runner import Authority, EvaluationRun
from meitu_demo.evaluation.summary import summarize
from meitu_demo.ledger.async_ledger import PaidCall
from meitu_demo.offline import create_app
from meitu_demo.photos import codec
from meitu_demo.service import Caller, CallService
from meitu_demo.settings import Settings

KEYS = {"MEITU_API_KEY": "k" * 20, "MEITU_API_SECRET": "s" * 20, "CALLS_PER_SECOND": "off"}
RESTORE = Setup(CATALOGUE["quality_restoration"], {})
AGREED = Authority(Caller("one"), {"meitu": True}, {"meitu": "owner"})
SUCCESS, REFUSED, FAILED, NOT_SENT = OutcomeKind
PHOTO_COUNT = 12


class Vendor:
    """Meitu's API. answer: called with the number of the request; None answers with a picture, which is billed."""

    def __init__(self, picture: bytes) -> None:
        self.requests = self.billed = 0
        self.answer: Callable[[int], httpx.Response | None] = lambda number: None
        self.held: asyncio.Event | None = None
        self._picture = base64.b64encode(picture).decode()

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        response = self.answer(self.requests)
        if response is None:
            self.billed += 1
            media = {"media_data": self._picture, "media_profiles": {"media_data_type": "jpg"}}
            response = httpx.Response(200, json={"media_info_list": [media]})
        if self.held is not None:
            await self.held.wait()
        return response


class MemoryJournal:
    """A journal without a file. broken: the method that raises, as on a full disk."""

    def __init__(self, outcomes: dict[str, Outcome] | None = None, *, broken: str = "") -> None:
        self.outcomes = {} if outcomes is None else outcomes
        self.begun: Counter[str] = Counter()
        self.saved: list[bool] = []
        self._broken = broken

    def begin(self, key: str) -> None:
        if self._broken == "begin":
            raise OSError("no space left")
        self.begun[key] += 1

    def finish(self, key: str, outcome: Outcome) -> None:
        if self._broken == "finish":
            raise OSError("no space left")

    async def save(self, job: Job, photo: bytes, result: CallResult | None) -> None:
        self.saved.append(result is not None)


@pytest.fixture
def vendor(portrait: bytes) -> Vendor:
    return Vendor(portrait)


@pytest.fixture
def plan(tmp_path: Path, portrait_pixels: Image) -> Plan:
    """Live calls with photos of different pixels."""
    for number in range(PHOTO_COUNT):
        (tmp_path / f"{number:02d}.jpg").write_bytes(codec.encode(np.roll(portrait_pixels, number, axis=1)))
    return Plan(collect_photos(list_files([tmp_path])), (RESTORE,), ("live",))


@asynccontextmanager
async def service_of(vendor: Vendor, data_dir: Path, **environ: str) -> AsyncIterator[CallService]:
    settings = Settings.from_env({**KEYS, "DATA_DIR": str(data_dir / "data"), **environ})
    async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as client:
        service = CallService(client, settings)
        yield service
        await service.ledger.close()
        await service.failure_lab.close()


async def run(
    service: CallService, plan: Plan, outcomes: dict[str, Outcome], authority: Authority = AGREED, **more: Any
) -> MemoryJournal:
    journal = MemoryJournal(outcomes, **more)
    made = EvaluationRun(service, plan, journal, journal.save, authority)  # type: ignore[arg-type]
    await made.run()
    return journal


def count(outcomes: dict[str, Outcome]) -> dict[OutcomeKind, int]:
    return dict(Counter(outcome.kind for outcome in outcomes.values()))


def billed(outcomes: dict[str, Outcome]) -> int:
    return sum(outcome.charge is Charge.BILLED for outcome in outcomes.values())


async def test_run_pays_once_for_each_call(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """All succeed; the same plan again makes no call."""
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path) as service:
        journal = await run(service, plan, outcomes)
        assert (count(outcomes), vendor.requests, billed(outcomes)) == ({SUCCESS: 12}, 12, 12)
        assert set(journal.begun.values()) == {1}
        assert journal.saved == [True] * 12
        await run(service, plan, outcomes)
    assert vendor.requests == 12
    (summary,) = summarize(plan, outcomes)
    assert (summary.rate, summary.billed) == (1.0, 12)
    assert 0 < summary.seconds[0] <= summary.seconds[2]


async def test_run_sends_equal_pixels_once(vendor: Vendor, tmp_path: Path, portrait: bytes) -> None:
    """Files that differ in their metadata alone are one paid call, and the report counts one."""
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(portrait + bytes([number]))
    plan = Plan(collect_photos(list_files([tmp_path])), (RESTORE,), ("live",))
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path) as service:
        await run(service, plan, outcomes)
    assert (count(outcomes), vendor.billed, billed(outcomes)) == ({SUCCESS: 3}, 1, 1)


@pytest.mark.parametrize("stop_at", [1, 3, 9])
async def test_run_is_stopped_and_resumed_without_paying_twice(
    vendor: Vendor, plan: Plan, tmp_path: Path, stop_at: int
) -> None:
    """Stopped while calls are under way: those sent are completed, the rest is made by the next run."""
    journal = MemoryJournal()
    outcomes, vendor.held = journal.outcomes, asyncio.Event()
    async with service_of(vendor, tmp_path) as service:
        made = EvaluationRun(service, plan, journal, journal.save, AGREED)  # type: ignore[arg-type]

        def stop_or_answer(number: int) -> None:
            if number == stop_at:
                asyncio.get_running_loop().call_soon(made.stop)
                asyncio.get_running_loop().call_later(0.05, vendor.held.set)  # type: ignore[union-attr]
            elif number > 4 or stop_at > 4:
                vendor.held.set()  # type: ignore[union-attr]

        vendor.answer = stop_or_answer
        await made.run()
        assert made.is_stopped
        assert vendor.requests < 12
        assert vendor.billed == billed(outcomes)
        assert made.list_unanswered() == {}
        vendor.held, vendor.answer = None, lambda number: None
        await run(service, plan, outcomes)
    assert (count(outcomes), vendor.billed, billed(outcomes)) == ({SUCCESS: 12}, 12, 12)


async def test_run_stopped_while_a_call_is_being_sent_pays_for_nothing_twice(
    vendor: Vendor, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that is not sent yet when the run is stopped, and is sent a moment later, may have been billed."""
    journal = MemoryJournal()
    mark_sent = PaidCall.mark_sent

    async def mark_sent_and_stop(call: PaidCall, bytes_sent: int) -> None:
        await mark_sent(call, bytes_sent)
        made.stop()

    monkeypatch.setattr(PaidCall, "mark_sent", mark_sent_and_stop)
    async with service_of(vendor, tmp_path) as service:
        made = EvaluationRun(service, plan, journal, journal.save, AGREED)  # type: ignore[arg-type]
        await made.run()
    sent = vendor.requests
    assert sent >= 1
    assert [outcome.charge for outcome in journal.outcomes.values()] == [Charge.MAYBE] * sent
    monkeypatch.undo()
    async with service_of(vendor, tmp_path) as service:  # a new process: single flight remembers nothing
        await run(service, plan, journal.outcomes)
    assert vendor.requests == PHOTO_COUNT


async def test_run_tells_which_calls_are_under_way(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """A report that is made while calls wait for their answers says of these that they may be billed."""
    vendor.held, all_sent = asyncio.Event(), asyncio.Event()
    vendor.answer = lambda number: all_sent.set() if number == 4 else None
    async with service_of(vendor, tmp_path) as service:
        journal = MemoryJournal()
        made = EvaluationRun(service, plan, journal, journal.save, AGREED)  # type: ignore[arg-type]
        task = asyncio.create_task(made.run())
        await all_sent.wait()
        made.stop()
        unanswered = made.list_unanswered()
        assert len(unanswered) == 4
        assert {outcome.charge for outcome in unanswered.values()} == {Charge.MAYBE}
        vendor.held.set()
        await task
    assert (count(made.outcomes), vendor.requests) == ({SUCCESS: 4}, 4)


async def test_run_survives_a_vendor_that_dies(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """What was paid is in the report, the rest was not sent; when the vendor is back the rest is made."""

    def die(number: int) -> None:
        if number > 5:
            raise httpx.ConnectError("refused")

    vendor.answer = die
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path, BREAKER="off") as service:
        await run(service, plan, outcomes)
        assert count(outcomes) == {SUCCESS: 5, NOT_SENT: 7}
        assert all(outcome.words["en"][0] for outcome in outcomes.values() if outcome.kind is NOT_SENT)
        vendor.answer = lambda number: None
        await run(service, plan, outcomes)
    assert (count(outcomes), vendor.billed, billed(outcomes)) == ({SUCCESS: 12}, 12, 12)


async def test_run_never_repeats_what_may_have_been_billed(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """Answers that break off are failures that may have been billed; the breaker closes the lane; no second try."""

    def reset(number: int) -> None:
        vendor.billed += number > 3
        if number > 3:
            raise httpx.ReadError("reset")

    vendor.answer = reset
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path) as service:
        await run(service, plan, outcomes)
    kinds = count(outcomes)
    assert kinds[SUCCESS] == 3
    assert 5 <= kinds[FAILED] <= 8  # five failures open the breaker, three more may be on their way
    assert kinds[NOT_SENT] == 9 - kinds[FAILED]
    assert vendor.billed == billed(outcomes) + kinds[FAILED]
    requests, vendor.answer = vendor.requests, lambda number: None
    async with service_of(vendor, tmp_path) as service:  # a new process: single flight remembers nothing
        await run(service, plan, outcomes)
    assert vendor.requests - requests == kinds[NOT_SENT]
    assert count(outcomes) == {SUCCESS: 12 - kinds[FAILED], FAILED: kinds[FAILED]}


def refuse(code: int) -> Callable[[int], httpx.Response]:
    return lambda number: httpx.Response(400, json={"ErrorCode": code, "ErrorMsg": "no", "request_id": "r"})


async def test_run_keeps_refusals_and_does_not_ask_again(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """A refusal has the vendor's code and words, costs nothing, and would be the same next time."""
    vendor.answer = refuse(20003)
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path) as service:
        await run(service, plan, outcomes)
        await run(service, plan, outcomes)
    assert (count(outcomes), vendor.requests, billed(outcomes)) == ({REFUSED: 12}, 12, 0)
    (summary,) = summarize(plan, outcomes)
    ((outcome, number),) = summary.refusals
    assert (outcome.code, number, summary.rate) == ("20003", 12, 0.0)


async def test_run_stops_asking_an_account_that_is_refused(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """A wrong key meets every photo alike: the rest is not sent."""
    vendor.answer = refuse(90002)
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path) as service:
        await run(service, plan, outcomes)
    assert vendor.requests <= 4
    assert count(outcomes)[NOT_SENT] >= 8


@pytest.mark.parametrize(
    ("authority", "environ", "slug", "paid"),
    [
        (Authority(Caller("one"), {}, {"meitu": "owner"}), {}, "missing_consent", 0),
        (Authority(Caller("one"), {"meitu": True}, {"meitu": "visitor"}), {}, "visitor_keys_gone", 0),
        (AGREED, {"CALLS_PER_DAY": "5"}, "over_budget_day", 5),
        (AGREED, {"CALLS_PER_HOUR": "3"}, "over_budget_hour", 3),
        (AGREED, {"MODE": "offline"}, "missing_key", 0),
    ],
)
async def test_run_obeys_consent_payer_and_caps(
    vendor: Vendor, plan: Plan, tmp_path: Path, authority: Authority, environ: dict[str, str], slug: str, paid: int
) -> None:
    """What stops one call stops the rest, in words; the cap is the ledger's."""
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path, **environ) as service:
        await run(service, plan, outcomes, authority=authority)
    assert (vendor.requests, billed(outcomes)) == (paid, paid)
    assert count(outcomes)[NOT_SENT] == 12 - paid
    assert {outcome.code for outcome in outcomes.values() if outcome.kind is NOT_SENT} == {slug}


async def test_run_waits_for_the_rate(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """A call that would wait too long for the key's rate is tried again, and none is lost."""
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path, CALLS_PER_SECOND="16", LONGEST_WAIT="0.1") as service:
        await run(service, plan, outcomes)
    assert (count(outcomes), vendor.requests) == ({SUCCESS: 12}, 12)


@pytest.mark.parametrize(("broken", "most_sent"), [("begin", 0), ("finish", 4)])
async def test_run_ends_when_its_disk_is_full(
    vendor: Vendor, plan: Plan, tmp_path: Path, broken: str, most_sent: int
) -> None:
    """A full disk ends the run with its error; outcomes until then are there, and nothing is sent unrecorded."""
    outcomes: dict[str, Outcome] = {}
    async with service_of(vendor, tmp_path) as service:
        with pytest.raises(OSError, match="no space left"):
            await run(service, plan, outcomes, broken=broken)
    assert vendor.billed == billed(outcomes) <= most_sent


async def test_run_begins_a_call_when_its_turn_has_come(vendor: Vendor, plan: Plan, tmp_path: Path) -> None:
    """Calls that wait for the key's rate are not in the journal, so a kill leaves only what was sent in doubt."""
    vendor.held, is_sent = asyncio.Event(), asyncio.Event()
    vendor.answer = lambda number: is_sent.set()  # type: ignore[func-returns-value]
    journal = MemoryJournal()
    async with service_of(vendor, tmp_path, CALLS_PER_SECOND="0.5") as service:
        made = EvaluationRun(service, plan, journal, journal.save, AGREED)  # type: ignore[arg-type]
        task = asyncio.create_task(made.run())
        await is_sent.wait()
        assert (sum(journal.begun.values()), vendor.requests) == (1, 1)
        made.stop()
        vendor.held.set()
        await task
    assert vendor.requests == billed(journal.outcomes) == 1


async def test_run_puts_live_beside_offline_and_shares_the_engine(
    tmp_path: Path, portrait: bytes, faceless: bytes
) -> None:
    """Offline calls cost nothing and wait for their turn, even where a visitor may have one run at a time."""
    for name, data in {"a.jpg": portrait, "b.jpg": faceless, "c.jpg": portrait[:-300]}.items():
        (tmp_path / name).write_bytes(data)
    fuse = Setup(CATALOGUE["face_fuse"], CATALOGUE["face_fuse"].validate({}))
    plan = Plan(collect_photos(list_files([tmp_path])), (RESTORE, fuse), TARGETS["both"])
    settings = Settings.from_env({"OFFLINE_EACH": "1"})
    outcomes: dict[str, Outcome] = {}
    async with create_http_client(settings, create_app()) as client:
        service = CallService(client, settings)
        caller = Caller("one")
        async with service.engine_slot(caller):
            task = asyncio.create_task(run(service, plan, outcomes, authority=Authority(caller)))
            await asyncio.sleep(0.2)
        await task
    by_target = {target: Counter() for target in plan.targets}
    for job in plan.jobs:
        by_target[job.target][outcomes[job.key].kind] += 1
    assert by_target["offline"] == {SUCCESS: 3, REFUSED: 1}
    assert by_target["live"] == {NOT_SENT: 4}  # there is no key
    assert [name for name, _ in plan.photos.refused] == ["c.jpg"]
    assert all(outcome.charge is Charge.FREE for outcome in outcomes.values())
