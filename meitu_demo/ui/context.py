"""What every panel and API function needs, handed to them by `ui.page.build`, and how a call of theirs begins."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio
import httpx

from .. import service
from ..address import fairness_key, resolve_client_address
from ..calling import MAX_FAILURES, CircuitBreaker, VendorHealth
from ..desk import FORCE_NONE, CallHandle, SingleFlight
from ..errand import FetchResult, SendCall
from ..errors import MissingConsent
from ..fair import FairQueue
from ..journal import RunRecord
from ..routes import TargetResolver
from ..service import CallResult, Phase, ProgressCallback, VendorReply
from ..settings import Settings
from ..spec import CallTarget, Endpoint, PreparedCall, Values
from ..store import PictureStore
from ..till import LazyLedger
from .closeups import Closeups
from .guard import doors
from .guard.belongings import Belongings
from .history.entries import History
from .screens.rehearsal import Rehearsal
from .visits import Visit

PREVIEWS_AT_ONCE, PREVIEWS_EACH, PREVIEWS_IN_LINE = 1, 4, 40  # pictures of 5 ms: the last in line waits 0.2 s
WAITS_S = (2, 5, 10, 20, 30, 60, 90, 120, 180, 300)  # every change is told to a page, which in a long line is work


class Lines:
    """What this process knows of each vendor's condition."""

    def __init__(self, *, breaker: bool) -> None:
        self._failures = MAX_FAILURES if breaker else None
        self._lines: dict[tuple[bool, str], VendorHealth] = {}

    def to(self, route: CallTarget) -> VendorHealth:
        """The line that `route` goes by; a rehearsal in the lab says nothing about the vendor."""
        fresh = VendorHealth(CircuitBreaker(route.provider, max_failures=self._failures))
        return self._lines.setdefault((route.is_failure_lab, route.provider), fresh)


@dataclass(frozen=True, slots=True)
class Context:
    """The app's one client, its routes, the pictures it shows, the folder of uploads, and a call's stations.

    turns: at the offline engine; a whole sheet is one. previews: a lane of their own, for pictures of milliseconds.
    closeups: the faces that sessions work on.
    """

    client: httpx.AsyncClient
    routes: TargetResolver
    pictures: PictureStore
    uploads: Path
    till: LazyLedger
    desk: SingleFlight
    lines: Lines
    rehearsal: Rehearsal
    mine: Belongings
    turns: FairQueue
    settings: Settings
    history: History
    previews: FairQueue = field(default_factory=lambda: FairQueue(PREVIEWS_AT_ONCE, PREVIEWS_EACH, PREVIEWS_IN_LINE))
    closeups: Closeups = field(default_factory=Closeups)

    async def read(self, payload: object, visit: Visit) -> bytes:
        """The bytes of an upload, which is the visitor's from now on. Raises ImageRejected."""
        return await doors.read_upload(payload, self.uploads, lambda path: self.mine.note(visit.session, path))

    async def start(
        self,
        endpoint: Endpoint,
        source: bytes,
        values: Values,
        *,
        route: CallTarget,
        visit: Visit,
        consent: bool,
        again: int = FORCE_NONE,
        till: LazyLedger | None = None,
    ) -> CallHandle:
        """Hand in one call with the photo in `source`, for panel and API alike. Raises any DemoError.

        consent: the person in the photo agrees that it goes to the vendor; asked for where it leaves the machine.
        again: see `SingleFlight.hand_in`. till: where it is paid, if not with the owner's money.
        """
        run = RunRecord.start(endpoint.id, route, len(source))
        with run.track():
            if route.is_billable and not route.is_failure_lab and consent is not True:
                raise MissingConsent(provider=endpoint.provider)
            order = await service.prepare(endpoint, source, values)
            if not route.is_billable:
                ask, collect = self._parts(run, route, order, None)
                in_turn = partial(self._in_turn, self.sharer(visit), ask)
                return self.desk.submit_unshared(visit.session, in_turn, collect, run_id=run.id)
            accounts = await (till or self.till).get_recorder()
            fingerprint = await anyio.to_thread.run_sync(accounts.compute_fingerprint, order)
            pay = partial(accounts.record, route, order, fingerprint=fingerprint, visitor=visit.visitor(accounts))
            name = " ".join([route.mode, *route.extra_headers.values(), fingerprint])
            ask, collect = self._parts(run, route, order, pay)
            ticket = self.desk.submit(visit.session, name, ask, collect, force=again, run_id=run.id)
        if ticket.is_duplicate:
            run.id = ticket.run_id
            run.log("repeated", "free")
        return ticket

    def _parts(
        self, run: RunRecord, route: CallTarget, order: PreparedCall, pay: service.OpenPaidCall | None
    ) -> tuple[SendCall, FetchResult]:
        """The two parts of a call that the desk runs, with its line in the log at the end of them."""

        async def ask(watch: ProgressCallback) -> VendorReply:
            def seen(step: Phase, seconds: float) -> None:
                if step is Phase.SEND:
                    run.bytes_sent = len(order.photo.data)
                watch(step, seconds)

            with run.track():
                return await service.send(
                    self.client, route, order, on_progress=seen, open_paid_call=pay, health=self.lines.to(route)
                )

        async def collect(asked: VendorReply, watch: ProgressCallback) -> CallResult:
            with run.track():
                outcome = await service.fetch_result(self.client, route, order, asked, on_progress=watch)
            run.bytes_out = len(outcome.result_photo.data)
            run.finish()
            return replace(outcome, run_id=run.id)

        return ask, collect

    def sharer(self, visit: Visit) -> str:
        """Who counts as one visitor where the offline engine is shared out."""
        return fairness_key(
            visit.session, resolve_client_address(visit.peer, visit.forwarded_for, self.settings.trusted_proxies)
        )

    async def _in_turn(
        self, visitor: str, ask: Callable[[ProgressCallback], Awaitable[VendorReply]], watch: ProgressCallback
    ) -> VendorReply:
        told: float | None = None

        def wait(before: int, seconds: int | None) -> None:
            nonlocal told
            if told != (about := as_people_say(seconds)):
                told = about
                watch(Phase.QUEUE, told)

        async with self.turns.slot(visitor, wait):
            return await ask(watch)


def as_people_say(seconds: int | None) -> float:
    """A wait that is read out a few times only, and no shorter than it is; 0 for an unknown one."""
    return 0.0 if seconds is None else next((float(said) for said in WAITS_S if said >= seconds), float(seconds))
