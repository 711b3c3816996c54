"""What every panel and API function needs, handed to them by `ui.page.build`, and how a call of theirs begins."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio
import httpx

from .. import service
from ..address import client_address, sharer
from ..calling import FAILURES, Breaker, Line
from ..desk import NOT_AGAIN, Desk, Ticket
from ..errand import Ask, Collect
from ..errors import MissingConsent
from ..fair import Turns
from ..journal import Run
from ..routes import Routes
from ..service import Asked, Outcome, Step, Watch
from ..settings import Settings
from ..spec import Endpoint, Order, Route, Values
from ..store import PictureStore
from ..till import Till
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
        self._failures = FAILURES if breaker else None
        self._lines: dict[tuple[bool, str], Line] = {}

    def to(self, route: Route) -> Line:
        """The line that `route` goes by; a rehearsal in the lab says nothing about the vendor."""
        fresh = Line(Breaker(route.provider, failures=self._failures))
        return self._lines.setdefault((route.lab, route.provider), fresh)


@dataclass(frozen=True, slots=True)
class Context:
    """The app's one client, its routes, the pictures it shows, the folder of uploads, and a call's stations.

    turns: at the offline engine; a whole sheet is one. previews: a lane of their own, for pictures of milliseconds.
    closeups: the faces that sessions work on.
    """

    client: httpx.AsyncClient
    routes: Routes
    pictures: PictureStore
    uploads: Path
    till: Till
    desk: Desk
    lines: Lines
    rehearsal: Rehearsal
    mine: Belongings
    turns: Turns
    settings: Settings
    history: History
    previews: Turns = field(default_factory=lambda: Turns(PREVIEWS_AT_ONCE, PREVIEWS_EACH, PREVIEWS_IN_LINE))
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
        route: Route,
        visit: Visit,
        consent: bool,
        again: int = NOT_AGAIN,
        till: Till | None = None,
    ) -> Ticket:
        """Hand in one call with the photo in `source`, for panel and API alike. Raises any DemoError.

        consent: the person in the photo agrees that it goes to the vendor; asked for where it leaves the machine.
        again: see `Desk.hand_in`. till: where it is paid, if not with the owner's money.
        """
        run = Run.on(endpoint.id, route, len(source))
        with run.watching():
            if route.paid and not route.lab and consent is not True:
                raise MissingConsent(provider=endpoint.provider)
            order = await service.prepare(endpoint, source, values)
            if not route.paid:
                ask, collect = self._parts(run, route, order, None)
                in_turn = partial(self._in_turn, self.sharer(visit), ask)
                return self.desk.run(visit.session, in_turn, collect, run=run.id)
            accounts = await (till or self.till).open()
            fingerprint = await anyio.to_thread.run_sync(accounts.fingerprint, order)
            pay = partial(accounts.pay, route, order, fingerprint=fingerprint, visitor=visit.visitor(accounts))
            name = " ".join([route.mode, *route.headers.values(), fingerprint])
            ask, collect = self._parts(run, route, order, pay)
            ticket = self.desk.hand_in(visit.session, name, ask, collect, again=again, run=run.id)
        if ticket.repeated:
            run.id = ticket.run
            run.tell("repeated", "free")
        return ticket

    def _parts(self, run: Run, route: Route, order: Order, pay: service.Pay | None) -> tuple[Ask, Collect]:
        """The two parts of a call that the desk runs, with its line in the log at the end of them."""

        async def ask(watch: Watch) -> Asked:
            def seen(step: Step, seconds: float) -> None:
                if step is Step.SEND:
                    run.sent = len(order.photo.data)
                watch(step, seconds)

            with run.watching():
                return await service.ask(self.client, route, order, watch=seen, pay=pay, line=self.lines.to(route))

        async def collect(asked: Asked, watch: Watch) -> Outcome:
            with run.watching():
                outcome = await service.collect(self.client, route, order, asked, watch=watch)
            run.back = len(outcome.result.data)
            run.ends()
            return replace(outcome, run=run.id)

        return ask, collect

    def sharer(self, visit: Visit) -> str:
        """Who counts as one visitor where the offline engine is shared out."""
        return sharer(visit.session, client_address(visit.peer, visit.forwarded_for, self.settings.trusted_proxies))

    async def _in_turn(self, visitor: str, ask: Callable[[Watch], Awaitable[Asked]], watch: Watch) -> Asked:
        told: float | None = None

        def wait(before: int, seconds: int | None) -> None:
            nonlocal told
            if told != (about := as_people_say(seconds)):
                told = about
                watch(Step.QUEUE, told)

        async with self.turns.turn(visitor, wait):
            return await ask(watch)


def as_people_say(seconds: int | None) -> float:
    """A wait that is read out a few times only, and no shorter than it is; 0 for an unknown one."""
    return 0.0 if seconds is None else next((float(said) for said in WAITS_S if said >= seconds), float(seconds))
