"""What a click on a panel's button does: hand in the call, show where it is, then its end, whatever that is."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

from ... import journal
from ...billing import may_be_billed
from ...desk import FORCE_NONE, CallHandle
from ...errors import DemoError, ImageRejected, ValueRejected
from ...explain import explain
from ...inspector import Trace, render_inspector, render_samples
from ...redaction import format_stack_trace
from ...service import Phase
from ...spec import CallTarget
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
    yield screen(stage.progress(Phase.PREPARE, 0, run.provider, "", run.language))
    paid = _is_paid(context, run)
    ticket: CallHandle | None = None
    route: CallTarget | None = None
    lost: DemoError | None = None
    try:
        route = await _route(context, run)
        till = context.rehearsal.till if route.is_failure_lab else context.till
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
        if not (ticket and (ticket.abandoned or ticket.is_duplicate)):
            mode = route.mode if route else "lab" if run.fault is not None else "live" if paid else "offline"
            explained = explain(error, run.language, is_billable=paid)
            context.history.note_failed(run.visit.session, run.endpoint, mode, run.values, explained, run.fault)
        if isinstance(error, DemoError) and _goes_on(run, route, error):
            lost = error
        else:
            yield failed(run, error, ticket, route, paid=paid)
    finally:
        if ticket:
            ticket.release()
    if lost is not None:
        number = ticket.call_id if ticket else FORCE_NONE
        instead = instead_of(lost, number, remark_of("repeated_failure", ticket, run.language), run.language)
        async for update in watch(context, replace(run, offline=True, instead=instead)):
            yield update


def _goes_on(run: Run, route: CallTarget | None, error: DemoError) -> bool:
    """Whether the offline engine takes over within the same click."""
    return run.on_stage and route is not None and route.mode == "live" and lost_on_the_way(error)


def _is_paid(context: Context, run: Run) -> bool:
    """Whether `run` may cost money, be it the lab's."""
    rehearsed = run.fault is not None
    return not run.offline and (rehearsed or context.routes.with_visitor_keys(run.own).is_live(run.endpoint.provider))


async def _route(context: Context, run: Run) -> CallTarget:
    provider = run.endpoint.provider
    if run.offline:
        return context.routes.resolve_offline(provider)
    if run.fault is not None:
        return await context.rehearsal.route(provider, run.fault)
    return context.routes.with_visitor_keys(run.own).resolve(provider)


async def follow(context: Context, run: Run, route: CallTarget, ticket: CallHandle) -> AsyncIterator[Update]:
    """The screen while the call of `ticket` is under way, and with its result. Raises what it ends in."""
    async for step, seconds in ticket.stream_progress():
        shown = stage.progress(step, seconds, run.provider, route.mode, run.language)
        yield screen(shown, *(["stop"] if route.is_billable else []))
    if not ticket.abandoned:
        outcome = await ticket.result()
        drawn = await draw(outcome)
    if ticket.abandoned:  # also while the pictures were made: whoever has deleted everything must find nothing new
        yield screen(stage.stopped(ticket.is_sent, run.language), number=ticket.call_id)
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
        yield screen(shown, *(["again"] if route.is_billable and ticket.is_duplicate else []), number=ticket.call_id)


def failed(run: Run, error: Exception, ticket: CallHandle | None, route: CallTarget | None, *, paid: bool) -> Update:
    """The explanation of `error`, what went over the wire if anything did, and what can be done next."""
    journal.log_unattributed_failure(error, run.endpoint.id)
    if not isinstance(error, DemoError):
        log.error("%s failed\n%s", run.endpoint.id, format_stack_trace(error))
    explained = explain(error, run.language, is_billable=paid)
    remark = run.instead.said if run.instead else remark_of("repeated_failure", ticket, run.language)
    shown = stage.explanation(explained, run.language, remark)
    if isinstance(error, DemoError) and isinstance(error.trace, Trace) and route:
        shown += render_inspector(
            error.trace, render_samples(run.endpoint, run.endpoint.validate(run.values), route), run.language
        )
    if run.instead:
        return screen(shown, *run.instead.can, number=run.instead.number)
    costly = paid and may_be_billed(error)
    elsewhere = paid and not isinstance(error, ImageRejected | ValueRejected)
    can = [name for name, may in (("retry", costly), ("offline", elsewhere)) if may]
    return screen(shown, *can, number=ticket.call_id if ticket else FORCE_NONE)
