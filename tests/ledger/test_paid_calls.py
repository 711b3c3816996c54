"""Paid calls: what a live call leaves in the ledger, and what a cap stops, with a vendor that charges and can fail."""

import socket
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from ledger.postgres import FreshUrl
from meitu_demo.calls import pipeline
from meitu_demo.domain.billing import Billing, classify_billing
from meitu_demo.domain.errors import (
    DemoError,
    InvalidResponse,
    OutcomeUnknown,
    OverBudget,
    OverVisitorBudget,
    Unreachable,
    UnreadableResult,
    VendorError,
)
from meitu_demo.domain.model import CallTarget, Credentials
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.paid_calls import PaidCallRecorder, load_or_create_shared_secret
from meitu_demo.ledger.report import tally_calls
from meitu_demo.ledger.tables import calls
from meitu_demo.offline import create_app
from meitu_demo.settings import Settings

VENDOR = "http://vendor.invalid"
KEYS = Credentials(SecretStr("key"), SecretStr("pair"))


@pytest.fixture
async def vendor() -> AsyncIterator[httpx.AsyncClient]:
    """A client whose vendor is the failure lab, in process."""
    app = create_app(lab=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=False)) as client:
        client.charges = app.state.charges  # type: ignore[attr-defined]
        yield client


def open_recorder(folder: Path, *, per_second: float | None = None, **caps: int) -> PaidCallRecorder:
    return PaidCallRecorder.from_settings(Settings(data_dir=str(folder), calls_per_second=per_second, **caps))


async def call(
    client: httpx.AsyncClient,
    recorder: PaidCallRecorder,
    photo: bytes,
    *,
    visitor: str = "one",
    url: str = VENDOR,
    is_billable: bool = True,
    watch: pipeline.ProgressCallback = pipeline.no_progress,
    endpoint: str = "quality_restoration",
) -> pipeline.CallResult:
    target = CallTarget(CATALOGUE[endpoint].vendor_id, url, KEYS, is_billable=is_billable)
    prepared = await pipeline.prepare(CATALOGUE[endpoint], photo, {})
    open_paid_call = partial(
        recorder.record, target, prepared, fingerprint=recorder.compute_fingerprint(prepared), visitor=visitor
    )
    reply = await pipeline.send(client, target, prepared, open_paid_call=open_paid_call, on_progress=watch)
    return await pipeline.fetch_result(client, target, prepared, reply)


def states(recorder: PaidCallRecorder) -> Mapping[str, int]:
    (found,) = tally_calls(recorder.ledger.store, 0, time.time() + 60)
    return {str(state): count for state, count in found.states.items() if count}


def rows(recorder: PaidCallRecorder) -> list[dict[str, object]]:
    """Every call as it stands in the ledger."""
    with recorder.ledger.store.database.snapshot() as connection:
        return [dict(row) for row in connection.execute(select(calls)).mappings()]


@pytest.mark.parametrize("endpoint", sorted(CATALOGUE))
async def test_paid_call_is_confirmed(
    vendor: httpx.AsyncClient, tmp_path: Path, portrait: bytes, endpoint: str
) -> None:
    """One call: one charge and one confirmed row, with the vendor's request id and the bytes sent and received."""
    recorder = open_recorder(tmp_path)
    outcome = await call(vendor, recorder, portrait, endpoint=endpoint)
    (row,) = rows(recorder)
    assert (row["state"], row["endpoint"], row["request_id"]) == ("confirmed", endpoint, outcome.request_id)
    assert outcome.request_id
    assert len(outcome.sent_photo.data) < row["bytes_sent"] < 2 * len(outcome.sent_photo.data)
    assert row["bytes_received"] > (100 if endpoint == "facial_aesthetics" else len(outcome.result_photo.data))
    assert sum(vendor.charges.values()) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("fault", "error", "state"),
    [
        ("code:90024", VendorError, "refused"),
        ("code:20001", VendorError, "unknown"),
        ("empty", InvalidResponse, "unknown"),
        ("html_200", InvalidResponse, "unknown"),
        ("not_an_image", UnreadableResult, "confirmed"),  # the vendor did its work, however bad the picture
    ],
)
async def test_paid_call_records_its_outcome(
    vendor: httpx.AsyncClient, tmp_path: Path, portrait: bytes, fault: str, error: type[DemoError], state: str
) -> None:
    """Refusals do not count; what may have been billed does. The error's words agree with the ledger."""

    async def set_fault(request: httpx.Request) -> None:
        request.headers["x-fault"] = fault

    vendor.event_hooks = {"request": [set_fault]}
    recorder = open_recorder(tmp_path)
    with pytest.raises(error) as caught:
        await call(vendor, recorder, portrait)
    assert states(recorder) == {state: 1}
    assert (classify_billing(caught.value) is Billing.DONE) == (state == "confirmed")


async def test_paid_call_turns_a_bug_after_sending_into_outcome_unknown(
    tmp_path: Path, portrait: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have been billed, so it counts, and the person is told; the log has the trace, without the key."""
    secret = Credentials(SecretStr("a-key-of-the-owner"))

    def fail(request: httpx.Request) -> httpx.Response:
        raise RuntimeError(f"at {request.url}?{secret.key.get_secret_value()}")

    recorder = open_recorder(tmp_path)
    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await call(client, recorder, portrait)
    assert [(row["state"], row["cause"]) for row in rows(recorder)] == [("unknown", "unexpected")]
    assert caught.value.facts == {"vendor": "meitu", "cause": "unexpected"}
    assert caught.value.__suppress_context__  # a cause would be shown as it is, not redacted
    assert "quality_restoration failed after it was sent" in caplog.text
    assert "RuntimeError: at http://vendor.invalid" in caplog.text
    assert "a-key-of-the-owner" not in caplog.text


async def test_paid_call_that_never_arrived_is_released(tmp_path: Path, portrait: bytes) -> None:
    """A closed port costs nothing, and leaves the cap as it was."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    recorder = open_recorder(tmp_path, calls_per_day=1)
    async with httpx.AsyncClient() as client:
        for _ in range(2):
            with pytest.raises(Unreachable):
                await call(client, recorder, portrait, url=closed)
    assert states(recorder) == {"released": 2}


async def test_caps_stop_a_paid_call_before_it_is_sent(
    vendor: httpx.AsyncClient, tmp_path: Path, portrait: bytes
) -> None:
    """The daily cap stops everybody, the hourly one a single visitor; the vendor sees neither."""
    recorder = open_recorder(tmp_path, calls_per_day=3, calls_per_hour=2)
    for _ in range(2):
        await call(vendor, recorder, portrait)
    with pytest.raises(OverVisitorBudget):
        await call(vendor, recorder, portrait)
    await call(vendor, recorder, portrait, visitor="two")
    with pytest.raises(OverBudget):
        await call(vendor, recorder, portrait, visitor="three")
    assert sum(vendor.charges.values()) == 3  # type: ignore[attr-defined]


async def test_offline_call_is_not_recorded(vendor: httpx.AsyncClient, tmp_path: Path, portrait: bytes) -> None:
    """Only calls to a billable target are recorded."""
    recorder = open_recorder(tmp_path)
    await call(vendor, recorder, portrait, is_billable=False)
    assert tally_calls(recorder.ledger.store, 0, time.time() + 60) == []


def test_identify_visitor_by_cookie_or_address(tmp_path: Path) -> None:
    """A signed cookie identifies a visitor; without a valid one, the address, forwarded only by trusted proxies."""
    recorder = open_recorder(tmp_path)
    cookie = recorder.create_cookie()
    assert recorder.is_valid_cookie(cookie)
    assert recorder.identify_visitor(cookie, "192.0.2.7", "") == recorder.identify_visitor(cookie, "198.51.100.1", "")
    assert not recorder.is_valid_cookie(cookie[:-1] + ("A" if cookie[-1] != "A" else "B"))
    assert recorder.identify_visitor("forged", "192.0.2.7", "203.0.113.9") == "192.0.2.7"


def test_shared_secret_is_created_once(postgres_url: FreshUrl) -> None:
    """Replicas that start at once on an empty database get the same secret, and so do later ones."""
    url = postgres_url()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: load_or_create_shared_secret(Database(url)), range(8)))
    assert len(found) == 1
    assert found == {load_or_create_shared_secret(Database(url))}
    assert len(found.pop()) == 32
