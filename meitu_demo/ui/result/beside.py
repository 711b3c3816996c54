"""Live beside offline: one click makes both runs at the same time; each side shows where it is, then its own end.

The live one is a paid call like any other: it goes by desk, ledger, consent and caps, is joined by a repeated click,
and is shown again for nothing where its end is known. What becomes of one side is nothing to the other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator

from ...billing import may_be_billed
from ...desk import FORCE_NONE, CallHandle
from ...errors import DemoError, ImageRejected, MissingKey, ValueRejected
from ...explain import explain
from ...inspector import Trace, render_inspector, render_samples
from ...redaction import format_stack_trace
from ...routes import KEY_SETTINGS
from ...service import CallResult, Phase
from ...spec import CallTarget
from ..context import Context
from . import sides, stage
from .naming import file_name
from .pictures import Drawn, draw, keep
from .receipt import receipt
from .run import Run
from .runs import failed
from .screen import Update, remark_of, screen
from .sides import Side, side_by_side

log = logging.getLogger(__name__)


class Half:
    """One of the two runs, and the side of the screen that is its."""

    def __init__(self, context: Context, run: Run, mode: str, changed: asyncio.Event) -> None:
        self.side = Side(mode, stage.progress(Phase.PREPARE, 0, run.provider, "", run.language))
        self.ticket: CallHandle | None = None
        self.error: Exception | None = None
        self.token = ""
        self._context = context
        self._run = run
        self._changed = changed

    async def work(self, photo: bytes) -> None:
        """From the photo's bytes to a result or an explanation on `side`; raises nothing but a cancellation."""
        route: CallTarget | None = None
        run = self._run
        try:
            route = self._route()
            self.ticket = await self._context.start(
                run.endpoint, photo, run.values, route=route, visit=run.visit, consent=run.consent
            )
            async for step, seconds in self.ticket.stream_progress():
                self._show(stage.progress(step, seconds, run.provider, route.mode, run.language))
            if not self.ticket.abandoned:
                outcome = await self.ticket.result()
                drawn = await draw(outcome)
            if self.ticket.abandoned:  # whoever has deleted everything meanwhile must find nothing new
                self._show(stage.stopped(self.ticket.is_sent, run.language))
            else:
                self._keep(outcome, drawn, route)
        except Exception as error:  # every failure ends as an explanation on its side
            self._explain(error, route)
        finally:
            if self.ticket:
                self.ticket.release()

    def look_again(self) -> None:
        """Whoever has deleted everything while the other side went on gets no empty frame here."""
        if self.token and self._context.pictures.get(self.token) is None:
            self.side = Side(self.side.mode, stage.stopped(False, self._run.language))

    def _route(self) -> CallTarget:
        """Raises MissingKey: a page without keys hides the button, which stops no program."""
        provider, routes = self._run.endpoint.provider, self._context.routes.with_visitor_keys(self._run.own)
        if self.side.mode == "offline":
            return routes.resolve_offline(provider)
        route = routes.resolve_live(provider)
        if route is None:
            raise MissingKey(provider=provider, setting=KEY_SETTINGS[provider])
        return route

    def _show(self, shown: str) -> None:
        self.side.shown = shown
        self._changed.set()

    def _keep(self, outcome: CallResult, drawn: Drawn, route: CallTarget) -> None:
        run, settings = self._run, self._context.settings
        picture = keep(self._context.pictures, drawn, file_name(outcome), run.visit.session)
        self._context.history.note(run.visit.session, outcome, picture)
        self.token = picture.after.split("/")[1]
        self.side.outcome, self.side.picture = outcome, picture
        self.side.remark = remark_of("repeated", self.ticket, run.language)
        recipient = settings.recipient(run.endpoint.provider)
        self.side.more = receipt(outcome, settings.keep_minutes, recipient, run.language)
        self.side.more += render_inspector(
            outcome.trace, render_samples(run.endpoint, outcome.values, route), run.language
        )
        maker = sides.maker(self.side.mode, run.provider, run.language)
        self._show(sides.result_of(outcome, picture, maker, run.language))

    def _explain(self, error: Exception, route: CallTarget | None) -> None:
        run = self._run
        self.error = error
        if not isinstance(error, DemoError):
            log.error("%s failed\n%s", run.endpoint.id, format_stack_trace(error))
        elif isinstance(error.trace, Trace) and route:
            self.side.more = render_inspector(
                error.trace, render_samples(run.endpoint, run.endpoint.validate(run.values), route), run.language
            )
        explained = explain(error, run.language, is_billable=self.side.mode == "live")
        if not (self.ticket and (self.ticket.abandoned or self.ticket.is_duplicate)):
            self._context.history.note_failed(run.visit.session, run.endpoint, self.side.mode, run.values, explained)
        remark = remark_of("repeated_failure", self.ticket, run.language)
        self._show(stage.explanation(explained, run.language, remark))


async def watch_both(context: Context, run: Run) -> AsyncIterator[Update]:
    """The screen at each step of the two runs that `run` stands for, and at their ends."""
    changed = asyncio.Event()
    live, offline = halves = tuple(Half(context, run, mode, changed) for mode in ("live", "offline"))

    def shown() -> str:
        return side_by_side((live.side, offline.side), run.provider, run.language)

    yield screen(shown())
    try:
        photo = await context.read(run.photo, run.visit)
    except ImageRejected as error:  # nothing to put side by side
        yield failed(run, error, None, None, paid=True)
        return
    tasks = [asyncio.create_task(half.work(photo)) for half in halves]
    for task in tasks:
        task.add_done_callback(lambda _: changed.set())
    try:
        while not all(task.done() for task in tasks):
            await changed.wait()
            changed.clear()
            yield screen(shown(), *([] if tasks[0].done() else ["stop"]))
    finally:
        for task in tasks:
            task.cancel()  # nothing, where it has ended; what was sent goes on to its end without us
        await asyncio.gather(*tasks, return_exceptions=True)
    refused = [half.error for half in halves if isinstance(half.error, ImageRejected | ValueRejected)]
    if len(refused) == len(halves):  # one reason for both, which belongs to neither
        yield failed(run, refused[0], None, None, paid=True)
        return
    for half in halves:
        half.look_again()
    number = live.ticket.call_id if live.ticket else FORCE_NONE
    yield screen(shown(), *_next(live), number=number)


def _next(live: Half) -> list[str]:
    """What may be done about the live call from here on."""
    if live.error is not None:
        return ["retry"] if may_be_billed(live.error) else []
    return ["again"] if live.ticket and live.ticket.is_duplicate and not live.ticket.abandoned else []
