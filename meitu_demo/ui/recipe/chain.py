"""A click on the recipe's button: one step after the other, each a call like any other's, each on the master before.

A failing step ends it with an explanation that names the step. What came before is kept and shown, and "try again"
goes on from there.
"""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ...billing import Billing, billing_of
from ...desk import NOT_AGAIN, Ticket
from ...endpoints import CATALOGUE
from ...errors import DemoError, ImageRejected, RecipeRejected, ValueRejected
from ...explain import explain
from ...inspector import Trace, programs, render
from ...recipes import RecipeStep, read
from ...redaction import stack_trace
from ...service import Outcome, Step
from ...spec import Credentials, Route
from ...words import translate
from ..context import Context
from ..guard.doors import named_path
from ..result import facts, stage
from ..result.naming import file_name
from ..result.pictures import Drawn, draw, keep
from ..result.receipt import receipt
from ..visits import Visit
from . import strip
from .course import Course, Finished
from .naming import effect_name
from .whole import whole

log = logging.getLogger(__name__)
Update = tuple[str, Course | None]  # the stage, with what can be done next; how far it has come, once it ends


@dataclass(frozen=True, slots=True)
class Click:
    """What came with a click. listed: the page's list, as text. consents: by provider. before: the last run's course.

    kind: "run" from the start, "again" with every paid call made anew, "retry" from the step that failed, "offline" the
    same without the vendors.
    """

    kind: str
    visit: Visit
    language: str
    photo: Any
    listed: Any
    consents: Mapping[str, bool]
    own: Mapping[str, Credentials] | None
    before: Course


class Chain:
    """One run of a recipe. `watch` it once."""

    def __init__(self, context: Context, click: Click) -> None:
        self._context = context
        self._click = click
        self._steps: Sequence[RecipeStep] = ()
        self._course = Course()
        self._tickets: list[Ticket] = []
        self._route: Route | None = None
        self._ticket: Ticket | None = None  # of the step at work

    async def watch(self) -> AsyncIterator[Update]:
        """The screen at each step, and at the end, whatever that is."""
        try:
            self._steps = read(self._click.listed, CATALOGUE).active
            if not self._steps:
                raise RecipeRejected("recipe_nothing_on")
            self._course = self._start()
            yield self._progress(Step.PREPARE, 0.0)
            while len(self._course.finished) < len(self._steps):
                async for update in self._step():
                    yield update
                if self._stopped:
                    sent = bool(self._ticket and self._ticket.sent and self._route and self._route.paid)
                    yield await self._end(stage.stopped(sent, self._click.language), "retry")
                    return
            again = any(finished.remark for finished in self._course.finished)
            yield await self._end("", *(["again"] if again else []))
        except Exception as error:  # every failure ends as an explanation on the screen
            yield await self._failed(error)
        finally:
            for ticket in self._tickets:
                ticket.leave()

    @property
    def _stopped(self) -> bool:
        """Also between two steps: all of a session's tickets are stopped together."""
        return any(ticket.stopped for ticket in self._tickets)

    @property
    def _language(self) -> str:
        return self._click.language

    def _start(self) -> Course:
        """Where to begin. Raises ImageRejected when the result to go on from is gone: only a new run pays again."""
        photo = named_path(self._click.photo)
        before = self._click.before
        if self._click.kind not in ("retry", "offline") or not before.carries(photo, self._steps):
            return Course(photo)
        if before.finished and self._kept(before.finished[-1].pictures.token) is None:
            raise ImageRejected("result_gone")
        return before

    def _kept(self, token: str) -> bytes | None:
        return self._context.pictures.of(self._click.visit.session, token)

    async def _source(self) -> bytes:
        """What the next step works on: the photo, or the unlabelled master of the step before."""
        if not self._course.finished:
            return await self._context.read(self._click.photo, self._click.visit)
        data = self._kept(self._course.finished[-1].pictures.token)
        if data is None:
            raise ImageRejected("result_gone")
        return data

    async def _step(self) -> AsyncIterator[Update]:
        place, visit = len(self._course.finished), self._click.visit
        step = self._steps[place]
        self._ticket = self._route = None
        source = await self._source()
        routes, provider = self._context.routes, step.endpoint.provider
        offline = self._click.kind == "offline"
        self._route = route = (
            routes.offline(provider) if offline else routes.with_keys(self._click.own).choose(provider)
        )
        consent = self._click.consents.get(provider, False)
        ticket = await self._context.start(
            step.endpoint, source, step.values, route=route, visit=visit, consent=consent, again=self._again(place)
        )
        self._ticket = ticket
        self._tickets.append(ticket)
        if self._stopped:
            return
        async for where, seconds in ticket.steps():
            yield self._progress(where, seconds, *(["stop"] if route.paid else []))
        if ticket.stopped:
            return
        outcome = await ticket.result()
        drawn = await draw(outcome)
        if not self._stopped:  # whoever has deleted everything must find nothing new
            self._keep(step, route, ticket, outcome, drawn)

    def _again(self, place: int) -> int:
        """The number of the call that is wanted once more."""
        before = self._click.before
        if self._click.kind == "again":
            return before.number_at(place)
        return before.failed if self._click.kind == "retry" and place == len(before.finished) else NOT_AGAIN

    def _keep(self, step: RecipeStep, route: Route, ticket: Ticket, outcome: Outcome, drawn: Drawn) -> None:
        session, language, settings = self._click.visit.session, self._language, self._context.settings
        pictures = keep(self._context.pictures, drawn, file_name(outcome), session)
        self._context.history.note(session, outcome, pictures)
        if not self._course.finished:
            original = self._context.pictures.put(outcome.sent.data, session)
            self._course = replace(self._course, original=original, changes=outcome.changes)
        remark = ""
        if ticket.repeated:
            ago = stage.ago(ticket.begun_at, datetime.now(UTC), language)
            remark = translate("result.repeated", language, ago=ago)
        provider = step.endpoint.provider
        vendor = self._vendor(provider)
        kept = receipt(outcome, settings.keep_minutes, settings.recipient(provider), language)
        line = facts.of(outcome, pictures, vendor, language, "recipe")
        view = stage.comparison(outcome, pictures, vendor, language, remark, kept, line)
        view += render(outcome.trace, programs(step.endpoint, outcome.values, route), language)
        maker = facts.Maker(outcome.mode, vendor if route.paid else "")
        self._course = self._course.with_finished(
            Finished(step, ticket.number, maker, outcome.elapsed_s, pictures, remark, view)
        )

    def _vendor(self, provider: str) -> str:
        return translate(f"providers.{provider}.name", self._language)

    def _place(self) -> str:
        """Which step this is, in words."""
        at = len(self._course.finished)
        if at >= len(self._steps):
            return ""
        return strip.place(at, self._steps, effect_name(self._steps[at], self._language), self._language)

    def _progress(self, where: Step, seconds: float, *can: str) -> Update:
        at = min(len(self._course.finished), len(self._steps) - 1)
        provider = self._vendor(self._steps[at].endpoint.provider)
        mode = self._route.mode if self._route else ""
        shown = stage.progress(where, seconds, provider, mode, self._language, self._place())
        shown += strip.under_way(self._steps, self._course, self._language)
        return stage.offering(shown, can), None

    async def _end(self, before: str, *can: str) -> Update:
        """before: HTML of what ended it early."""
        course = self._course
        if course.finished and self._kept(course.finished[-1].pictures.token) is None:
            return stage.offering(before or self._gone(), ()), Course()  # deleted meanwhile
        together = await whole(self._context, self._click.visit.session, course, self._language)
        if before:
            return stage.offering(before + strip.kept(course, together, can, self._language), can), course
        return stage.offering(strip.looked_at(course, together, self._language), can), course

    def _gone(self) -> str:
        return stage.explanation(explain(ImageRejected("result_gone"), self._language, paid=False), self._language)

    async def _failed(self, error: Exception) -> Update:
        if not isinstance(error, DemoError):
            log.error("a recipe failed\n%s", stack_trace(error))
        route, ticket = self._route, self._ticket
        paid = route is not None and route.paid
        explained = explain(error, self._language, paid=paid)
        # What is amiss with the recipe or the last results is no step's, nor is a photo that is not there.
        begun = bool(self._course.photo) and not isinstance(error, RecipeRejected) and self._place()
        if begun:
            explained = replace(explained, title=f"{self._place()}{explained.title}")
        shown = stage.explanation(explained, self._language)
        if isinstance(error, DemoError) and isinstance(error.trace, Trace) and route:
            step = self._steps[len(self._course.finished)]
            shown += render(error.trace, programs(step.endpoint, step.values, route), self._language)
        costly = paid and billing_of(error) in (Billing.UNKNOWN, Billing.DONE)
        self._course = replace(self._course, failed=ticket.number if ticket and costly else NOT_AGAIN)
        elsewhere = paid and not isinstance(error, ImageRejected | ValueRejected)
        can = [name for name, may in (("retry", begun), ("offline", begun and elsewhere)) if may]
        return await self._end(shown, *can)
