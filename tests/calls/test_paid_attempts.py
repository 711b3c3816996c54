"""A paid call of several attempts, or ended by a bug: it stays one row, and the row is true."""

import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from meitu_demo.calls import pipeline
from meitu_demo.calls import retry as retry_module
from meitu_demo.calls.circuit_breaker import CircuitBreaker, VendorHealth
from meitu_demo.calls.pipeline import Phase
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.domain.errors import (
    CircuitOpen,
    DemoError,
    LedgerUnavailable,
    OutcomeUnknown,
    RateLimited,
    Unreachable,
    VendorError,
)
from meitu_demo.domain.model import CallTarget, Credentials
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ledger.paid_calls import PaidCallRecorder
from meitu_demo.ledger.tables import calls
from meitu_demo.settings import Settings

TARGET = CallTarget(
    "meitu", "http://vendor.invalid", Credentials(SecretStr("key"), SecretStr("pair")), is_billable=True
)
DOWN = httpx.ConnectError("down")
ANSWER = httpx.Response(200, json={"request_id": "r-1", "media_info_list": [{"media_data": "eA=="}]})


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry_module, "MAX_JITTER_S", (0.0, 0.0))


class Vendor:
    """Answers in turn as given; notes each call."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.calls = list(answers), 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def recorder(tmp_path: Path) -> PaidCallRecorder:
    """A ledger without caps and rates."""
    return PaidCallRecorder.from_settings(Settings(data_dir=str(tmp_path), calls_per_second=None))


async def send(
    vendor: Vendor,
    recorder: PaidCallRecorder,
    photo: bytes,
    *,
    health: VendorHealth | None = None,
    on_progress: pipeline.ProgressCallback = pipeline.no_progress,
) -> pipeline.VendorReply:
    prepared = await pipeline.prepare(CATALOGUE["quality_restoration"], photo, {})
    open_paid_call = partial(
        recorder.record, TARGET, prepared, fingerprint=recorder.compute_fingerprint(prepared), visitor="one"
    )
    async with httpx.AsyncClient(transport=httpx.MockTransport(vendor)) as client:
        return await pipeline.send(
            client, TARGET, prepared, open_paid_call=open_paid_call, health=health, on_progress=on_progress
        )


def row(recorder: PaidCallRecorder) -> dict[str, object]:
    """The only row that there is."""
    with recorder.ledger.store.database.snapshot() as connection:
        (found,) = connection.execute(select(calls)).mappings()
    return dict(found)


def outcome(recorder: PaidCallRecorder) -> tuple[object, object]:
    found = row(recorder)
    return found["state"], found["cause"]


# ── Several attempts ────────────────────────────────────────────────────────────────────────────────────────────────
async def test_retried_call_stays_one_row(recorder: PaidCallRecorder, portrait: bytes) -> None:
    """Refused twice and answered at the third attempt: one confirmed row with the last attempt's figures."""
    vendor, steps = Vendor(DOWN, DOWN, ANSWER), []
    reply = await send(vendor, recorder, portrait, on_progress=lambda step, _: steps.append(step))
    found = row(recorder)
    assert (vendor.calls, reply.response.request_id) == (3, "r-1")
    assert (found["state"], found["request_id"], found["bytes_received"]) == ("confirmed", "r-1", len(ANSWER.content))
    assert found["bytes_sent"] > len(portrait)
    assert steps == [Phase.SEND, Phase.RETRY, Phase.SEND, Phase.RETRY, Phase.SEND]


@pytest.mark.parametrize(
    ("answers", "error", "end"),
    [
        ([DOWN] * 3, Unreachable, ("released", "refused")),
        ([DOWN, httpx.ReadError("reset")], OutcomeUnknown, ("unknown", "reset")),
        ([DOWN, httpx.Response(400, json={"ErrorCode": 20003})], VendorError, ("refused", "")),
        ([httpx.Response(429), DOWN, httpx.Response(500)], OutcomeUnknown, ("unknown", "server_error")),
    ],
)
async def test_last_attempt_decides_the_outcome(
    recorder: PaidCallRecorder,
    portrait: bytes,
    answers: list[httpx.Response | Exception],
    error: type[DemoError],
    end: object,
) -> None:
    """The attempts before it cost nothing."""
    with pytest.raises(error):
        await send(Vendor(*answers), recorder, portrait)
    assert outcome(recorder) == end


async def test_retry_over_the_rate_limit_is_not_made(tmp_path: Path, portrait: bytes) -> None:
    """If the second attempt would wait too long, it is not made, and the call does not count."""
    recorder = PaidCallRecorder.from_settings(
        Settings(data_dir=str(tmp_path), calls_per_second=0.001, longest_wait=0.0)
    )
    vendor = Vendor(DOWN, ANSWER)
    with pytest.raises(RateLimited):
        await send(vendor, recorder, portrait)
    assert (vendor.calls, *outcome(recorder)) == (1, "released", "busy")


async def test_circuit_breaker_opens_between_two_attempts(recorder: PaidCallRecorder, portrait: bytes) -> None:
    """The retry is not made and nothing counts; the next call is rejected before it is recorded."""
    vendor, health = Vendor(DOWN, ANSWER), VendorHealth(CircuitBreaker("meitu", max_failures=1), RetryBudget())
    for _ in range(2):
        with pytest.raises(CircuitOpen):
            await send(vendor, recorder, portrait, health=health)
    assert (vendor.calls, *outcome(recorder)) == (1, "released", "resting")


async def test_rate_limit_holds_for_each_attempt(
    tmp_path: Path, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rate limit counts attempts: the second one waits, and its progress shows for how long."""
    recorder = PaidCallRecorder.from_settings(Settings(data_dir=str(tmp_path), calls_per_second=0.1, longest_wait=60.0))
    waited: list[float] = []

    async def wait(seconds: float, on_progress: pipeline.ProgressCallback) -> None:
        waited.append(seconds)

    monkeypatch.setattr(pipeline, "_wait_with_progress", wait)
    await send(Vendor(DOWN, ANSWER), recorder, portrait)
    assert waited == [0.0, pytest.approx(10, abs=2)]


async def test_wait_reports_its_progress_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remaining seconds count down to the end of the wait; no wait reports nothing."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(monotonic=lambda: clock.now, perf_counter=time.perf_counter))
    seen: list[tuple[Phase, float]] = []

    async def sleep(seconds: float) -> None:
        clock.now += seconds

    for seconds in (2.5, 0.0, -1.0):
        await pipeline._wait_with_progress(seconds, lambda *step: seen.append(step), sleep)
    assert seen == [(Phase.WAIT, 2.5), (Phase.WAIT, 1.5), (Phase.WAIT, 0.5)]


# ── What nobody foresaw ─────────────────────────────────────────────────────────────────────────────────────────────
async def test_bug_before_sending_releases_the_call(
    recorder: PaidCallRecorder, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exception is raised on, and the row is released."""

    def broken(*_: object) -> None:
        raise RuntimeError("bug")

    vendor = Vendor(ANSWER)
    monkeypatch.setattr("meitu_demo.ledger.paid_calls.PaidCall.rate_limit_delay", broken)
    with pytest.raises(RuntimeError):
        await send(vendor, recorder, portrait)
    assert (vendor.calls, outcome(recorder)) == (0, ("released", "not_sent"))


async def test_ledger_outage_before_a_retry_stops_it(
    tmp_path: Path, portrait: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing more is sent, and the row is released: the first attempt had not arrived."""
    recorder = PaidCallRecorder.from_settings(Settings(data_dir=str(tmp_path), calls_per_second=100, longest_wait=5.0))
    reserve_slot, slots = recorder.ledger.store.reserve_slot, []

    def fail_second(*arguments: object) -> float:
        slots.append(arguments)
        if len(slots) == 2:
            raise LedgerUnavailable(cause="SQLITE_BUSY")
        return reserve_slot(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(recorder.ledger.store, "reserve_slot", fail_second)
    vendor = Vendor(DOWN, ANSWER)
    with pytest.raises(LedgerUnavailable):
        await send(vendor, recorder, portrait)
    assert (vendor.calls, *outcome(recorder)) == (1, "released", "SQLITE_BUSY")
