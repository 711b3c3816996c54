"""What a click on a panel's button does: hand in the call, show where it is, then its end, whatever that is."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import gradio as gr

from ... import journal
from ...billing import Billing, billing_of
from ...desk import NOT_AGAIN, Ticket
from ...errors import DemoError, ImageRejected, ValueRejected
from ...explain import explain
from ...inspector import Trace, programs, render
from ...redaction import stack_trace
from ...service import Step
from ...spec import Credentials, Endpoint, Route
from ...words import translate
from ..context import Context
from ..texts import language_of
from ..visits import Visit
from . import stage
from .naming import file_name
from .pictures import draw, keep
from .receipt import receipt

log = logging.getLogger(__name__)
Update = tuple[str, Any]  # the stage, with what can be done next; the number of the call that is shown


@dataclass(frozen=True, slots=True)
class Run:
    """One click, with everything that came with it."""

    endpoint: Endpoint
    visit: Visit
    language: str
    photo: Any
    values: Mapping[str, Any]
    own: Mapping[str, Credentials] | None
    consent: bool
    again: int
    offline: bool
    fault: str | None = None  # a rehearsal in the lab, and how it is to end

    @classmethod
    def of(
        cls,
        endpoint: Endpoint,
        request: gr.Request,
        given: tuple[Any, ...],
        *,
        offline: bool,
        again: bool,
        fault: str | None = None,
    ) -> "Run":
        """From the values of a panel's inputs: photo, controls, consent, the tab, own keys, number of the last call."""
        photo, *rest, consent, tab, own, number = given
        names = [control.name for control in endpoint.controls] if fault is None else []  # the lab takes the defaults
        values = dict(zip(names, rest, strict=True))
        repeat = number if again else NOT_AGAIN
        visit = Visit.of(request, tab)
        language = language_of(request)
        return cls(endpoint, visit, language, photo, values, own, consent is True, repeat, offline, fault)

    @property
    def provider(self) -> str:
        """The vendor's name."""
        return translate(f"providers.{self.endpoint.provider}.name", self.language)


async def watch(context: Context, run: Run) -> AsyncIterator[Update]:
    """The screen at each step of `run`, and at its end."""
    yield _screen(stage.progress(Step.PREPARE, 0, run.provider, "", run.language))
    paid = _is_paid(context, run)
    ticket: Ticket | None = None
    route: Route | None = None
    try:
        route = await _route(context, run)
        till = context.rehearsal.till if route.lab else context.till
        ticket = await context.start(
            run.endpoint,
            await context.read(run.photo, run.visit),
            run.values,
            route=route,
            visit=run.visit,
            consent=run.consent,
            again=run.again,
            till=till,
        )
        async for update in follow(context, run, route, ticket):
            yield update
    except Exception as error:  # every failure ends as an explanation on the screen
        if not (ticket and (ticket.stopped or ticket.repeated)):
            mode = route.mode if route else "lab" if run.fault is not None else "live" if paid else "offline"
            explained = explain(error, run.language, paid=paid)
            context.history.note_failed(run.visit.session, run.endpoint, mode, run.values, explained, run.fault)
        yield failed(run, error, ticket, route, paid=paid)
    finally:
        if ticket:
            ticket.leave()


def _is_paid(context: Context, run: Run) -> bool:
    """Whether `run` may cost money, be it the lab's."""
    rehearsed = run.fault is not None
    return not run.offline and (rehearsed or context.routes.with_keys(run.own).is_live(run.endpoint.provider))


async def _route(context: Context, run: Run) -> Route:
    provider = run.endpoint.provider
    if run.offline:
        return context.routes.offline(provider)
    if run.fault is not None:
        return await context.rehearsal.route(provider, run.fault)
    return context.routes.with_keys(run.own).choose(provider)


async def follow(context: Context, run: Run, route: Route, ticket: Ticket) -> AsyncIterator[Update]:
    """The screen while the call of `ticket` is under way, and with its result. Raises what it ends in."""
    async for step, seconds in ticket.steps():
        shown = stage.progress(step, seconds, run.provider, route.mode, run.language)
        yield _screen(shown, *(["stop"] if route.paid else []))
    if not ticket.stopped:
        outcome = await ticket.result()
        drawn = await draw(outcome)
    if ticket.stopped:  # also while the pictures were made: whoever has deleted everything must find nothing new
        yield _screen(stage.stopped(ticket.sent, run.language), number=ticket.number)
        return
    pictures = keep(context.pictures, drawn, file_name(outcome), run.visit.session)
    context.history.note(run.visit.session, outcome, pictures, run.fault)
    remark = _remark("repeated", ticket, run.language)
    settings = context.settings
    kept = receipt(outcome, settings.keep_minutes, settings.recipient(run.endpoint.provider), run.language)
    shown = stage.comparison(outcome, pictures, run.provider, run.language, remark, kept)
    shown += render(outcome.trace, programs(run.endpoint, outcome.values, route), run.language)
    yield _screen(shown, *(["again"] if route.paid and ticket.repeated else []), number=ticket.number)


def failed(run: Run, error: Exception, ticket: Ticket | None, route: Route | None, *, paid: bool) -> Update:
    """The explanation of `error`, what went over the wire if anything did, and what can be done next."""
    journal.name(error, run.endpoint.id)
    if not isinstance(error, DemoError):
        log.error("%s failed\n%s", run.endpoint.id, stack_trace(error))
    explained = explain(error, run.language, paid=paid)
    shown = stage.explanation(explained, run.language, _remark("repeated_failure", ticket, run.language))
    if isinstance(error, DemoError) and isinstance(error.trace, Trace) and route:
        shown += render(error.trace, programs(run.endpoint, run.endpoint.read(run.values), route), run.language)
    costly = paid and billing_of(error) in (Billing.UNKNOWN, Billing.DONE)
    elsewhere = paid and not isinstance(error, ImageRejected | ValueRejected)
    can = [name for name, may in (("retry", costly), ("offline", elsewhere)) if may]
    return _screen(shown, *can, number=ticket.number if ticket else NOT_AGAIN)


def _remark(key: str, ticket: Ticket | None, language: str) -> str:
    if ticket is None or not ticket.repeated:
        return ""
    return translate(f"result.{key}", language, ago=stage.ago(ticket.begun_at, datetime.now(UTC), language))


def _screen(shown: str, *can: str, number: int = NOT_AGAIN) -> Update:
    return stage.offering(shown, can), number or gr.skip()
