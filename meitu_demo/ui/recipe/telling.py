"""The screens of a recipe's run: while a step is at work, when all are done, and when one came to nothing."""

import logging
from dataclasses import replace

from ... import journal
from ...billing import may_be_billed
from ...desk import FORCE_NONE
from ...errors import DemoError, ImageRejected, RecipeRejected, ValueRejected
from ...explain import explain
from ...inspector import Trace, render_inspector, render_samples
from ...redaction import format_stack_trace
from ...service import Phase
from ..result import stage
from . import strip
from .course import Course
from .running import Running
from .whole import whole

log = logging.getLogger(__name__)
Update = tuple[str, Course | None]  # the stage, with what can be done next; how far it has come, once it ends


def progress(run: Running, where: Phase, seconds: float, *can: str) -> Update:
    """While a step is at work."""
    provider = run.vendor(run.steps[min(run.at, len(run.steps) - 1)].endpoint.provider)
    shown = stage.progress(where, seconds, provider, run.route.mode if run.route else "", run.language, run.place)
    shown += strip.under_way(run.steps, run.course, run.language)
    return stage.offering(shown, can), None


async def stopped(run: Running) -> Update:
    """The person has had enough."""
    sent = bool(run.ticket and run.ticket.is_sent and run.route and run.route.is_billable)
    return await ended(run, stage.stopped(sent, run.language), "retry")


async def ended(run: Running, before: str, *can: str) -> Update:
    """What there is in the end. before: HTML of what ended it early."""
    course = run.course
    if course.finished and run.kept(course.finished[-1].pictures.token) is None:
        return stage.offering(before or _gone(run.language), ()), Course()  # deleted meanwhile
    together = await whole(run.context, run.click.visit.session, course, run.language)
    if before:
        return stage.offering(before + strip.kept(course, together, can, run.language), can), course
    return stage.offering(strip.looked_at(course, together, run.language), can), course


async def failed(run: Running, error: Exception) -> Update:
    """Why it came to nothing, at which step, what is kept of those before, and what can be done next."""
    route, ticket = run.route, run.ticket
    paid = route is not None and route.is_billable
    # What is amiss with the recipe or the last results is no step's, nor is a photo that is not there.
    begun = run.course.photo and not isinstance(error, RecipeRejected) and run.place
    step = run.steps[run.at] if begun else None
    journal.log_unattributed_failure(error, step.endpoint.id if step else "recipe")
    explained = explain(error, run.language, is_billable=paid)
    if not isinstance(error, DemoError):
        log.error("a recipe failed\n%s", format_stack_trace(error))
    if step and route and not (ticket and (ticket.abandoned or ticket.is_duplicate)):
        session = run.click.visit.session
        run.context.history.note_failed(session, step.endpoint, route.mode, step.values, explained)
    if step:
        explained = replace(explained, title=f"{run.place}{explained.title}")
    shown = stage.explanation(explained, run.language)
    if step and route and isinstance(error, DemoError) and isinstance(error.trace, Trace):
        shown += render_inspector(error.trace, render_samples(step.endpoint, step.values, route), run.language)
    costly = paid and may_be_billed(error)
    run.course = replace(run.course, failed=ticket.call_id if ticket and costly else FORCE_NONE)
    elsewhere = paid and not isinstance(error, ImageRejected | ValueRejected)
    can = [name for name, may in (("retry", step), ("offline", step and elsewhere)) if may]
    return await ended(run, shown, *can)


def _gone(language: str) -> str:
    return stage.explanation(explain(ImageRejected("result_gone"), language, is_billable=False), language)
