"""The app's desk, service and ledger around a vendor whose every answer is given by hand; for test_interleavings.

Beside it stands a model of each call: where it is, and what it is worth to whoever clicks again.
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
from meitu_demo.calls import single_flight as desk_module
from meitu_demo.calls.retry import RetryBudget
from meitu_demo.calls.single_flight import FORCE_ANY, FORCE_NONE, CallHandle, SingleFlight
from meitu_demo.calls.vendor_health import VendorHealth
from meitu_demo.domain.errors import DemoError, RateLimited
from meitu_demo.domain.model import CallTarget, Credentials, PreparedCall
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.inspector import recorder
from meitu_demo.ledger import Ledger, Store
from meitu_demo.ledger.database import Database
from meitu_demo.ledger.paid_calls import PaidCall, PaidCallRecorder
from meitu_demo.ledger.report import tally_calls
from meitu_demo.ledger.tables import calls

VENDOR = "http://vendor.invalid"
KEYS = Credentials(SecretStr("key"), SecretStr("pair"))
SESSIONS = ("one", "two")
ORDERS = ("quality_restoration", "facial_aesthetics")  # a picture comes with the answer, or behind a link
LIFE_S = 1800.0
SETTLE = 60  # rounds of the loop after which nothing moves by itself


class Answer(Enum):
    """What the vendor makes of a call, and the state of its row then."""

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
class Known:
    """What the model knows of a call. before: the call that it was to make once more."""

    token: str
    session: str
    order: str
    before: "Known | None"
    state: str = "waiting"  # waiting, sent, or the state of its row
    number: int = FORCE_NONE
    watchers: int = 0
    answer: "asyncio.Future[Answer] | None" = field(default=None, repr=False)
    turn: "asyncio.Future[None] | None" = field(default=None, repr=False)

    def worth(self) -> "Known | None":
        """The latest call, from here backwards, that a repeated click is shown."""
        if self.state not in ("refused", "released"):
            return self
        return self.before.worth() if self.before else None

    @property
    def ended(self) -> bool:
        return self.state not in ("waiting", "sent")


@dataclass(eq=False)
class Claim:
    """Somebody who watches a call, and what came of it."""

    known: Known
    ticket: CallHandle = field(repr=False)
    task: "asyncio.Task[pipeline.CallResult | DemoError] | None" = field(default=None, repr=False)

    async def follow(self) -> pipeline.CallResult | DemoError:
        async for _ in self.ticket.stream_progress():
            pass
        try:
            return await self.ticket.result()
        except DemoError as error:
            return error

    def check(self) -> None:
        """A picture is of the very call that was claimed."""
        if self.task and self.task.done() and isinstance(found := self.task.result(), pipeline.CallResult):
            assert found.request_id == self.known.token


class ShopByHand:
    """Everything between a click and the vendor, on a loop that moves only when it is told to."""

    def __init__(self, runner: asyncio.Runner, folder: Path, photo: bytes, patch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.runner, self.photo = runner, photo
        patch.setattr(desk_module, "time", SimpleNamespace(monotonic=lambda: self.now))
        for module in (pipeline, recorder):
            patch.setattr(module, "anyio", SimpleNamespace(to_thread=SimpleNamespace(run_sync=at_once)))
        self.accounts = PaidCallRecorder(AtOnce(Store(Database(f"sqlite:///{folder}/ledger.db"))), b"s" * 32)
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self.vendor))
        self.orders = {name: runner.run(pipeline.prepare(CATALOGUE[name], photo, {})) for name in ORDERS}
        self.line = VendorHealth(retry_budget=RetryBudget(0, 0))
        self.tokens = itertools.count(1)

    def open(self) -> None:
        """Everything as on the first day."""
        with self.accounts.ledger.store.database.transaction() as connection:
            connection.execute(delete(calls))
        self.desk, self.links_work = SingleFlight(LIFE_S), True
        self.calls: dict[str, Known] = {}
        self.current: dict[tuple[str, str], tuple[float, Known]] = {}
        self.charges: Counter[str] = Counter()
        self.intents: Counter[tuple[str, str]] = Counter()

    def moment(self, work: Callable[[], None]) -> None:
        """Do `work` in one go, and then let everything come to rest."""

        async def main() -> None:
            work()
            for _ in range(SETTLE):
                await asyncio.sleep(0)

        self.runner.run(main())

    # ── What people do ──────────────────────────────────────────────────────────────────────────────────────────────
    def click(self, session: str, order: str, again: int) -> Claim:
        """One click; `known` of the claim is the call that it leads to by the model."""
        deadline, now = self.current.get((session, order), (0.0, None))
        if now and now.ended and deadline < self.now:
            now = None
        wanted = now is not None and now.ended and again in (now.number, FORCE_ANY)
        known = None if wanted or now is None else now.worth()
        new = known is None
        if known is None:
            before = now.worth() if now and wanted else None
            known = Known(str(next(self.tokens)), session, order, before)
            self.calls[known.token] = known
            self.intents[session, order] += 1
        claim = Claim(known, self._hand_in(known, again))
        assert claim.ticket.is_duplicate is not new, (known, again)
        known.number, known.watchers = claim.ticket.call_id, known.watchers + 1
        self.current[session, order] = self.now + LIFE_S, known
        claim.task = asyncio.create_task(claim.follow())
        return claim

    def _hand_in(self, known: Known, again: int) -> CallHandle:
        order = self.orders[known.order]
        route = CallTarget(
            order.endpoint.provider, VENDOR, KEYS, is_billable=True, extra_headers={"x-token": known.token}
        )
        pay = partial(self._pay, route, order, known)

        async def ask(watch: pipeline.ProgressCallback) -> pipeline.VendorReply:
            return await pipeline.send(
                self.client, route, order, on_progress=watch, open_paid_call=pay, health=self.line
            )

        async def collect(asked: pipeline.VendorReply, watch: pipeline.ProgressCallback) -> pipeline.CallResult:
            return await pipeline.fetch_result(self.client, route, order, asked, on_progress=watch)

        return self.desk.submit(known.session, known.order, ask, collect, force=again)

    def leave(self, claim: Claim) -> None:
        """Somebody closes the page."""
        assert claim.task
        claim.task.cancel()
        claim.ticket.release()
        claim.known.watchers -= 1
        if claim.known.state == "waiting" and not claim.known.watchers:
            claim.known.state = "released"

    def forget(self, session: str) -> None:
        """Nothing of the session's is kept."""
        self.desk.evict(session)
        self.current = {key: found for key, found in self.current.items() if key[0] != session}

    def shown(self, session: str, order: str) -> int:
        """The number that stands behind "run again"."""
        return self.current[session, order][1].number if (session, order) in self.current else FORCE_NONE

    # ── The line, and the vendor at its end ─────────────────────────────────────────────────────────────────────────
    def under_way(self, state: str) -> list[Known]:
        return [known for known in self.calls.values() if known.state == state]

    @asynccontextmanager
    async def _pay(self, route: CallTarget, order: PreparedCall, known: Known) -> AsyncIterator[PaidCall]:
        fingerprint = hashlib.sha256(known.order.encode()).hexdigest()
        async with self.accounts.record(route, order, fingerprint=fingerprint, visitor=known.session) as account:
            account.rate_limit_delay = partial(self._turn, known)  # type: ignore[method-assign]
            yield account

    async def _turn(self, known: Known) -> float:
        known.turn = asyncio.get_running_loop().create_future()
        await known.turn
        return 0.0

    def let_through(self, known: Known, *, full: bool) -> None:
        """A call's turn comes, or the line is too long for it."""
        assert known.turn
        if full:
            known.state = "released"
            known.turn.set_exception(RateLimited(provider="meitu", seconds=1))
        else:
            known.turn.set_result(None)

    async def vendor(self, request: httpx.Request) -> httpx.Response:
        """Takes calls, and answers when told to; a picture behind a link is there, or not."""
        if request.method == "GET":
            return httpx.Response(200, content=self.photo) if self.links_work else httpx.Response(404)
        known = self.calls[request.headers["x-token"]]
        known.state, known.answer = "sent", asyncio.get_running_loop().create_future()
        answer = await known.answer
        if answer is Answer.NEVER:
            raise httpx.ConnectError("refused")
        if answer is Answer.RESET:
            raise httpx.ReadError("reset")
        return self._said(known, answer)

    def _said(self, known: Known, answer: Answer) -> httpx.Response:
        link = f"{VENDOR}/results/{known.token}.jpg"
        meitu = known.order == "quality_restoration"
        if answer is Answer.LOST:
            return httpx.Response(500)
        if answer is Answer.REFUSED:
            refusal = {"ErrorCode": 20003} if meitu else {"error_code": 422, "error_code_str": "ERROR_NO_FACE_IN_FILE"}
            return httpx.Response(400, json=refusal)
        if not meitu:
            return httpx.Response(200, json={"request_id": known.token, "data": {"image_url": link}})
        picture = base64.b64encode(self.photo if answer is Answer.PICTURE else b"no picture").decode()
        media = link if answer is Answer.LINK else picture
        return httpx.Response(200, json={"request_id": known.token, "media_info_list": [{"media_data": media}]})

    def answer(self, known: Known, answer: Answer) -> None:
        """The vendor answers a call."""
        assert known.answer
        known.state = answer.state
        self.charges[known.token] += answer.billed
        known.answer.set_result(answer)

    # ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def charged(self) -> Counter[tuple[str, str]]:
        """Charges by session and order."""
        found: Counter[tuple[str, str]] = Counter()
        for token, count in self.charges.items():
            found[self.calls[token].session, self.calls[token].order] += count
        return found

    def close(self) -> None:
        """Everything comes to its end; then each row says what the vendor did."""
        self.moment(lambda: [self.let_through(known, full=False) for known in self.under_way("waiting")] and None)
        self.moment(lambda: [self.answer(known, Answer.PICTURE) for known in self.under_way("sent")] and None)
        self.runner.run(self.desk.drain(1))
        rows: Counter[str] = Counter()
        for found in tally_calls(self.accounts.ledger.store, 0, 1e12):
            rows += Counter({str(state): count for state, count in found.states.items()})
        assert rows == Counter(known.state for known in self.calls.values())


class AtOnce(Ledger):
    """The ledger without threads: one thing after the other, as the loop has it."""

    async def run_in_thread(self, work: Callable[..., Any], *arguments: object) -> Any:
        await asyncio.sleep(0)
        return work(*arguments)


async def at_once(work: Callable[..., Any], *arguments: object) -> Any:
    """In place of a worker thread."""
    await asyncio.sleep(0)
    return work(*arguments)
