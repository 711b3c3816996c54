"""What a click on a panel's button does: hand in the call, show where it is, then its end, whatever that is."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

from ... import journal
from ...billing import may_have_cost
from ...desk import NOT_AGAIN, Ticket
from ...errors import DemoError, ImageRejected, ValueRejected
from ...explain import explain
from ...inspector import Trace, render_inspector, render_samples
from ...redaction import stack_trace
from ...service import Step
from ...spec import Route
from ..context import Context
from . import stage
from .naming import file_name
from .onward import instead_of, lost_on_the_way
from .pictures import draw, keep
from .receipt import receipt
from .run import Run
from .screen import Update, remark_of, screen

log = logging.getLogger(__name__)


async def watch(context: Context, run: Run) -> AsyncIterator[Update]:
    """The screen at each step of `run`, and at its end."""
    yield screen(stage.progress(Step.PREPARE, 0, run.provider, "", run.language))
    paid = _is_paid(context, run)
    ticket: Ticket | None = None
    route: Route | None = None
    lost: DemoError | None = None
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
        if isinstance(error, DemoError) and _goes_on(run, route, error):
            lost = error
        else:
            yield failed(run, error, ticket, route, paid=paid)
    finally:
        if ticket:
            ticket.leave()
    if lost is not None:
        number = ticket.number if ticket else NOT_AGAIN
        instead = instead_of(lost, number, remark_of("repeated_failure", ticket, run.language), run.language)
        async for update in watch(context, replace(run, offline=True, instead=instead)):
            yield update


def _goes_on(run: Run, route: Route | None, error: DemoError) -> bool:
    """Whether the offline engine takes over within the same click."""
    return run.on_stage and route is not None and route.mode == "live" and lost_on_the_way(error)


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
        yield screen(shown, *(["stop"] if route.paid else []))
    if not ticket.stopped:
        outcome = await ticket.result()
        drawn = await draw(outcome)
    if ticket.stopped:  # also while the pictures were made: whoever has deleted everything must find nothing new
        yield screen(stage.stopped(ticket.sent, run.language), number=ticket.number)
        return
    pictures = keep(context.pictures, drawn, file_name(outcome), run.visit.session)
    context.history.note(run.visit.session, outcome, pictures, run.fault)
    remark = run.instead.said if run.instead else remark_of("repeated", ticket, run.language)
    settings = context.settings
    kept = receipt(outcome, settings.keep_minutes, settings.recipient(run.endpoint.provider), run.language)
    shown = stage.comparison(outcome, pictures, run.provider, run.language, remark, kept)
    shown += render_inspector(outcome.trace, render_samples(run.endpoint, outcome.values, route), run.language)
    if run.instead:
        yield screen(shown, *run.instead.can, number=run.instead.number)
    else:
        yield screen(shown, *(["again"] if route.paid and ticket.repeated else []), number=ticket.number)


def failed(run: Run, error: Exception, ticket: Ticket | None, route: Route | None, *, paid: bool) -> Update:
    """The explanation of `error`, what went over the wire if anything did, and what can be done next."""
    journal.name(error, run.endpoint.id)
    if not isinstance(error, DemoError):
        log.error("%s failed\n%s", run.endpoint.id, stack_trace(error))
    explained = explain(error, run.language, paid=paid)
    remark = run.instead.said if run.instead else remark_of("repeated_failure", ticket, run.language)
    shown = stage.explanation(explained, run.language, remark)
    if isinstance(error, DemoError) and isinstance(error.trace, Trace) and route:
        shown += render_inspector(
            error.trace, render_samples(run.endpoint, run.endpoint.read(run.values), route), run.language
        )
    if run.instead:
        return screen(shown, *run.instead.can, number=run.instead.number)
    costly = paid and may_have_cost(error)
    elsewhere = paid and not isinstance(error, ImageRejected | ValueRejected)
    can = [name for name, may in (("retry", costly), ("offline", elsewhere)) if may]
    return screen(shown, *can, number=ticket.number if ticket else NOT_AGAIN)
