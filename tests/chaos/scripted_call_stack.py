"""Single-flight, pipeline and ledger as in the app, with a scripted vendor; for test_interleavings.

`ModelCall` is the reference model: a call's state, and what a repeated click must get.
"""

import asyncio
import base64
import hashlib
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import delete

from meitu_demo.calls import pipeline
from meitu_demo.calls import single_flight as single_flight_module
from meitu_demo.calls.circuit_breaker import VendorHealth
from meitu_demo.calls.in_flight_call import CallSpec
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.calls.single_flight import FORCE_ANY, FORCE_NONE, CallHandle, SingleFlight
from meitu_demo.domain.errors import DemoError, RateLimited
from meitu_demo.domain.model import CallTarget, Credentials, PreparedCall
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.inspector import trace
from meitu_demo.ledger.async_ledger import Ledger
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.paid_calls import PaidCall, PaidCallRecorder
from meitu_demo.ledger.report import tally_calls
from meitu_demo.ledger.store import Store
from meitu_demo.ledger.tables import calls

VENDOR = "http://vendor.invalid"
KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
SESSIONS = ("one", "two")
ENDPOINT_IDS = ("quality_restoration", "facial_aesthetics")  # the result is in the answer, or behind a link
LIFE_S = 1800.0
IDLE_ROUNDS = 60  # rounds of the event loop after which no task can proceed


class Answer(Enum):
    """The vendor's answer to a call; the value starts with the state of the ledger row that it leads to."""

    PICTURE = "confirmed"
    LINK = "confirmed, with a link"
    TEXT = "confirmed, and no picture"
    REFUSED = "refused"
    LOST = "unknown"
    RESET = "unknown, without a word"
    NEVER = "released"

    @property
    def state(self) -> str:
        return self.value.partition(",")[0]

    @property
    def billed(self) -> bool:
        return self.state in ("confirmed", "unknown")


@dataclass(eq=False)
class ModelCall:
    """The model of a call. previous: the call that it repeats."""

    token: str
    session: str
    endpoint_id: str
    previous: "ModelCall | None"
    state: str = "waiting"  # waiting, sent, or the state of its row
    call_id: int = FORCE_NONE
    watchers: int = 0
    answer: "asyncio.Future[Answer] | None" = field(default=None, repr=False)
    slot: "asyncio.Future[None] | None" = field(default=None, repr=False)

    def reusable_call(self) -> "ModelCall | None":
        """The latest call, from this one backwards, whose result a repeated click gets."""
        if self.state not in ("refused", "released"):
            return self
        return self.previous.reusable_call() if self.previous else None

    @property
    def ended(self) -> bool:
        return self.state not in ("waiting", "sent")


@dataclass(eq=False)
class Waiter:
    """A visitor who waits for a call, and the result."""

    model: ModelCall
    handle: CallHandle = field(repr=False)
    task: "asyncio.Task[pipeline.CallResult | DemoError] | None" = field(default=None, repr=False)

    async def follow(self) -> pipeline.CallResult | DemoError:
        async for _ in self.handle.stream_progress():
            pass
        try:
            return await self.handle.result()
        except DemoError as error:
            return error

    def check(self) -> None:
        """Check that a result belongs to the call that was waited for."""
        if self.task and self.task.done() and isinstance(found := self.task.result(), pipeline.CallResult):
            assert found.request_id == self.model.token


class ScriptedCallStack:
    """Everything between a click and the vendor, on an event loop that runs only in `run_until_idle`."""

    def __init__(self, runner: asyncio.Runner, folder: Path, photo: bytes, patch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.runner, self.photo = runner, photo
        patch.setattr(single_flight_module, "time", SimpleNamespace(monotonic=lambda: self.now))
        for module in (pipeline, trace):
            patch.setattr(module, "anyio", SimpleNamespace(to_thread=SimpleNamespace(run_sync=run_inline)))
        self.paid_calls = PaidCallRecorder(InlineLedger(Store(Database(f"sqlite:///{folder}/ledger.db"))), b"s" * 32)
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self.vendor))
        self.prepared_calls = {name: runner.run(pipeline.prepare(CATALOGUE[name], photo, {})) for name in ENDPOINT_IDS}
        self.health = VendorHealth(retry_budget=RetryBudget(0, 0))
        self.tokens = itertools.count(1)

    def reset(self) -> None:
        """Start with an empty ledger and no calls."""
        with self.paid_calls.ledger.store.database.transaction() as connection:
            connection.execute(delete(calls))
        self.single_flight, self.links_work = SingleFlight(LIFE_S), True
        self.calls: dict[str, ModelCall] = {}
        self.current: dict[tuple[str, str], tuple[float, ModelCall]] = {}
        self.charges: Counter[str] = Counter()
        self.intents: Counter[tuple[str, str]] = Counter()

    def run_until_idle(self, work: Callable[[], None]) -> None:
        """Run `work` without interruption, then the event loop until no task can proceed."""

        async def main() -> None:
            work()
            for _ in range(IDLE_ROUNDS):
                await asyncio.sleep(0)

        self.runner.run(main())

    # ── The visitors ──────────────────────────────────────────────────────────────────────────────────────────────────
    def click(self, session: str, endpoint_id: str, force: int) -> Waiter:
        """Click once; `model` of the result is the call that the model expects the click to lead to."""
        deadline, current = self.current.get((session, endpoint_id), (0.0, None))
        if current and current.ended and deadline < self.now:
            current = None
        is_repeat = current is not None and current.ended and force in (current.call_id, FORCE_ANY)
        model = None if is_repeat or current is None else current.reusable_call()
        is_new = model is None
        if model is None:
            previous = current.reusable_call() if current and is_repeat else None
            model = ModelCall(str(next(self.tokens)), session, endpoint_id, previous)
            self.calls[model.token] = model
            self.intents[session, endpoint_id] += 1
        waiter = Waiter(model, self._submit(model, force))
        assert waiter.handle.is_duplicate is not is_new, (model, force)
        model.call_id, model.watchers = waiter.handle.call.id, model.watchers + 1
        self.current[session, endpoint_id] = self.now + LIFE_S, model
        waiter.task = asyncio.create_task(waiter.follow())
        return waiter

    def _submit(self, model: ModelCall, force: int) -> CallHandle:
        call = self.prepared_calls[model.endpoint_id]
        target = CallTarget(
            call.endpoint.vendor_id, VENDOR, KEYS, is_billable=True, extra_headers={"x-token": model.token}
        )
        open_paid_call = partial(self._record, target, call, model)

        async def send(on_progress: pipeline.ProgressCallback) -> pipeline.VendorReply:
            return await pipeline.send(
                self.client, target, call, on_progress=on_progress, open_paid_call=open_paid_call, health=self.health
            )

        async def fetch(reply: pipeline.VendorReply, on_progress: pipeline.ProgressCallback) -> pipeline.CallResult:
            return await pipeline.fetch_result(self.client, target, call, reply, on_progress=on_progress)

        return self.single_flight.submit(model.session, model.endpoint_id, CallSpec(send, fetch, target), force=force)

    def leave(self, waiter: Waiter) -> None:
        """Close a visitor's page."""
        assert waiter.task
        waiter.task.cancel()
        waiter.handle.release()
        waiter.model.watchers -= 1
        if waiter.model.state == "waiting" and not waiter.model.watchers:
            waiter.model.state = "released"

    def evict(self, session: str) -> None:
        """Delete the session's data."""
        self.single_flight.evict(session)
        self.current = {key: entry for key, entry in self.current.items() if key[0] != session}

    def current_call_id(self, session: str, endpoint_id: str) -> int:
        """The call id that the "run again" button sends."""
        return self.current[session, endpoint_id][1].call_id if (session, endpoint_id) in self.current else FORCE_NONE

    # ── The rate limit and the vendor ─────────────────────────────────────────────────────────────────────────────────
    def calls_in(self, state: str) -> list[ModelCall]:
        return [model for model in self.calls.values() if model.state == state]

    @asynccontextmanager
    async def _record(self, target: CallTarget, call: PreparedCall, model: ModelCall) -> AsyncIterator[PaidCall]:
        fingerprint = hashlib.sha256(model.endpoint_id.encode()).hexdigest()
        async with self.paid_calls.record(target, call, fingerprint=fingerprint, visitor=model.session) as paid_call:
            paid_call.rate_limit_delay = partial(self._wait_for_slot, model)  # type: ignore[method-assign]
            yield paid_call

    async def _wait_for_slot(self, model: ModelCall) -> float:
        model.slot = asyncio.get_running_loop().create_future()
        await model.slot
        return 0.0

    def end_rate_limit_wait(self, model: ModelCall, *, is_rejected: bool) -> None:
        """Let a waiting call proceed, or reject it by the rate limit."""
        assert model.slot
        if is_rejected:
            model.state = "released"
            model.slot.set_exception(RateLimited(vendor="meitu", seconds=1))
        else:
            model.slot.set_result(None)

    async def vendor(self, request: httpx.Request) -> httpx.Response:
        """Answer a call once `answer` is called, and a link according to `links_work`."""
        if request.method == "GET":
            return httpx.Response(200, content=self.photo) if self.links_work else httpx.Response(404)
        model = self.calls[request.headers["x-token"]]
        model.state, model.answer = "sent", asyncio.get_running_loop().create_future()
        answer = await model.answer
        if answer is Answer.NEVER:
            raise httpx.ConnectError("refused")
        if answer is Answer.RESET:
            raise httpx.ReadError("reset")
        return self._build_response(model, answer)

    def _build_response(self, model: ModelCall, answer: Answer) -> httpx.Response:
        link = f"{VENDOR}/results/{model.token}.jpg"
        is_meitu = model.endpoint_id == "quality_restoration"
        if answer is Answer.LOST:
            return httpx.Response(500)
        if answer is Answer.REFUSED:
            refusal = (
                {"ErrorCode": 20003} if is_meitu else {"error_code": 422, "error_code_str": "ERROR_NO_FACE_IN_FILE"}
            )
            return httpx.Response(400, json=refusal)
        if not is_meitu:
            return httpx.Response(200, json={"request_id": model.token, "data": {"image_url": link}})
        picture = base64.b64encode(self.photo if answer is Answer.PICTURE else b"no picture").decode()
        media = link if answer is Answer.LINK else picture
        return httpx.Response(200, json={"request_id": model.token, "media_info_list": [{"media_data": media}]})

    def answer(self, model: ModelCall, answer: Answer) -> None:
        """Give the vendor's answer to a call."""
        assert model.answer
        model.state = answer.state
        self.charges[model.token] += answer.billed
        model.answer.set_result(answer)

    # ── The charges and the end ───────────────────────────────────────────────────────────────────────────────────────
    def count_charges(self) -> Counter[tuple[str, str]]:
        """Charges by session and endpoint."""
        charges: Counter[tuple[str, str]] = Counter()
        for token, count in self.charges.items():
            charges[self.calls[token].session, self.calls[token].endpoint_id] += count
        return charges

    def close(self) -> None:
        """Finish all calls; then check that each ledger row has the state that the vendor's answer leads to."""
        self.run_until_idle(
            lambda: [self.end_rate_limit_wait(model, is_rejected=False) for model in self.calls_in("waiting")] and None
        )
        self.run_until_idle(lambda: [self.answer(model, Answer.PICTURE) for model in self.calls_in("sent")] and None)
        self.runner.run(self.single_flight.drain(1))
        rows: Counter[str] = Counter()
        for tally in tally_calls(self.paid_calls.ledger.store, 0, 1e12):
            rows += Counter({str(state): count for state, count in tally.states.items()})
        assert rows == Counter(model.state for model in self.calls.values())


class InlineLedger(Ledger):
    """The ledger without threads: it works in the event loop."""

    async def run_in_thread(self, work: Callable[..., Any], *arguments: object) -> Any:
        await asyncio.sleep(0)
        return work(*arguments)


async def run_inline(work: Callable[..., Any], *arguments: object) -> Any:
    """Replaces `anyio.to_thread.run_sync`."""
    await asyncio.sleep(0)
    return work(*arguments)
