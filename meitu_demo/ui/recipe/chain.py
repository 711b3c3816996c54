"""A click on the recipe's button: one step after the other, each a call like any other's, each on the master before.

A failing step ends it with an explanation that names the step. What came before is kept and shown, and "try again"
goes on from there.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from ...desk import FORCE_NONE, CallHandle
from ...endpoints import CATALOGUE
from ...errors import ImageRejected, RecipeRejected
from ...inspector import render_inspector, render_samples
from ...recipes import RecipeStep, parse_recipe
from ...service import CallResult, Phase
from ...spec import CallTarget
from ...words import translate
from ..context import Context
from ..guard.doors import named_path
from ..result import facts, stage
from ..result.naming import file_name
from ..result.pictures import Drawn, draw, keep
from ..result.receipt import receipt
from . import telling
from .course import Course, Finished
from .running import Click, Running
from .telling import Update


async def watch(context: Context, click: Click) -> AsyncIterator[Update]:
    """The screen at each step, and at the end, whatever that is."""
    run = Running(context, click)
    try:
        run.steps = parse_recipe(click.listed, CATALOGUE).enabled_steps
        if not run.steps:
            raise RecipeRejected("recipe_nothing_on")
        run.course = _begin(run)
        yield telling.progress(run, Phase.PREPARE, 0.0)
        while run.at < len(run.steps):
            async for update in _step(run, run.steps[run.at]):
                yield update
            if run.stopped:
                yield await telling.stopped(run)
                return
        again = any(finished.remark for finished in run.course.finished)
        yield await telling.ended(run, "", *(["again"] if again else []))
    except Exception as error:  # every failure ends as an explanation on the screen
        yield await telling.failed(run, error)
    finally:
        for ticket in run.tickets:
            ticket.release()


def _begin(run: Running) -> Course:
    """Where to begin. Raises ImageRejected when the result to go on from is gone: only a new run pays again."""
    photo, before = named_path(run.click.photo), run.click.before
    if run.click.kind not in ("retry", "offline") or not before.carries(photo, run.steps):
        return Course(photo)
    if before.finished and run.kept(before.finished[-1].pictures.token) is None:
        raise ImageRejected("result_gone")
    return before


async def _source(run: Running) -> bytes:
    """What the next step works on: the photo, or the unlabelled master of the step before."""
    if not run.course.finished:
        return await run.context.read(run.click.photo, run.click.visit)
    data = run.kept(run.course.finished[-1].pictures.token)
    if data is None:
        raise ImageRejected("result_gone")
    return data


async def _step(run: Running, step: RecipeStep) -> AsyncIterator[Update]:
    click, routes, provider = run.click, run.context.routes, step.endpoint.provider
    run.ticket = run.route = None
    source = await _source(run)
    offline = click.kind == "offline"
    run.route = route = (
        routes.resolve_offline(provider) if offline else routes.with_visitor_keys(click.own).resolve(provider)
    )
    consent = click.consents.get(provider, False)
    run.ticket = ticket = await run.context.start(
        step.endpoint, source, step.values, route=route, visit=click.visit, consent=consent, again=_again(run)
    )
    run.tickets.append(ticket)
    if run.stopped:
        return
    async for where, seconds in ticket.stream_progress():
        yield telling.progress(run, where, seconds, *(["stop"] if route.is_billable else []))
    if ticket.abandoned:
        return
    outcome = await ticket.result()
    drawn = await draw(outcome)
    if not run.stopped:  # whoever has deleted everything must find nothing new
        _keep(run, step, route, ticket, outcome, drawn)


def _again(run: Running) -> int:
    """The number of the call that is wanted once more."""
    before = run.click.before
    if run.click.kind == "again":
        return before.number_at(run.at)
    return before.failed if run.click.kind == "retry" and run.at == len(before.finished) else FORCE_NONE


def _keep(
    run: Running, step: RecipeStep, route: CallTarget, ticket: CallHandle, outcome: CallResult, drawn: Drawn
) -> None:
    context, session, language = run.context, run.click.visit.session, run.language
    pictures = keep(context.pictures, drawn, file_name(outcome), session)
    context.history.note(session, outcome, pictures)
    if not run.course.finished:
        original = context.pictures.put(outcome.sent_photo.data, session)
        run.course = replace(run.course, original=original, changes=outcome.changes)
    remark = ""
    if ticket.is_duplicate:
        ago = stage.ago(ticket.started_at, datetime.now(UTC), language)
        remark = translate("result.repeated", language, ago=ago)
    vendor = run.vendor(step.endpoint.provider)
    settings = context.settings
    kept = receipt(outcome, settings.keep_minutes, settings.recipient(step.endpoint.provider), language)
    line = facts.of(outcome, pictures, vendor, language, "recipe")
    view = stage.comparison(outcome, pictures, vendor, language, remark, kept, line)
    view += render_inspector(outcome.trace, render_samples(step.endpoint, outcome.values, route), language)
    maker = facts.Maker(outcome.mode, vendor if route.is_billable else "")
    run.course = run.course.with_finished(
        Finished(step, ticket.call_id, maker, outcome.elapsed_s, pictures, remark, view)
    )
