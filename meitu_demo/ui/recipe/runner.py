"""A click on the recipe's button: one step after the other, each a call like any other's, each on the master before.

A failing step ends it with an explanation that names the step. What came before is kept and shown, and "try again"
goes on from there.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

from ...calls.pipeline import CallResult, Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.errors import ImageRejected, RecipeRejected
from ...domain.model import CallTarget
from ...domain.recipe import RecipeStep, parse_recipe
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ...inspector import render_samples
from ...vendors import VENDORS
from ..context import Context
from ..html import EMPTY_HTML
from ..result import facts, result_view
from ..result.facts import build_file_name, render_receipt
from ..result.inspector_view import render_inspector
from ..result.pictures import RenderedPair, render_pair, store_pair
from ..security.upload_validation import get_payload_path
from . import views
from .state import RecipeProgress, RecipeRequest, RecipeRun, StepResult
from .views import RecipeUpdate


async def stream_recipe(context: Context, request: RecipeRequest) -> AsyncIterator[RecipeUpdate]:
    """The screen at each step, and at the end, whatever that is."""
    run = RecipeRun(context, request)
    try:
        run.steps = parse_recipe(request.recipe_text, CATALOGUE).enabled_steps
        if not run.steps:
            raise RecipeRejected("recipe_nothing_on")
        run.progress = _resume_or_start(run)
        yield views.build_progress_update(run, Phase.PREPARE, 0.0)
        while run.step_index < len(run.steps):
            async for update in _run_step(run, run.steps[run.step_index]):
                yield update
            if run.is_stopped:
                yield await views.build_stopped_update(run)
                return
        can_repeat = any(finished.remark for finished in run.progress.step_results)
        yield await views.build_final_update(run, EMPTY_HTML, *(["again"] if can_repeat else []))
    except Exception as error:  # every failure ends as an explanation on the screen
        yield await views.build_failure_update(run, error)
    finally:
        for ticket in run.handles:
            ticket.release()


def _resume_or_start(run: RecipeRun) -> RecipeProgress:
    """Where to begin. Raises ImageRejected when the result to go on from is gone: only a new run pays again."""
    photo, previous = get_payload_path(run.request.photo), run.request.previous_progress
    if run.request.action not in ("retry", "offline") or not previous.can_resume(photo, run.steps):
        return RecipeProgress(photo)
    if previous.step_results and run.load_picture(previous.step_results[-1].pictures.token) is None:
        raise ImageRejected("result_gone")
    return previous


async def _load_source(run: RecipeRun) -> bytes:
    """What the next step works on: the photo, or the unlabelled master of the step before."""
    if not run.progress.step_results:
        return await run.context.read_upload(run.request.photo, run.request.caller)
    data = run.load_picture(run.progress.step_results[-1].pictures.token)
    if data is None:
        raise ImageRejected("result_gone")
    return data


async def _run_step(run: RecipeRun, step: RecipeStep) -> AsyncIterator[RecipeUpdate]:
    request, resolver, provider = run.request, run.context.targets, step.endpoint.provider
    run.handle = run.target = None
    source = await _load_source(run)
    is_offline = request.action == "offline"
    run.target = target = (
        resolver.resolve_offline(provider)
        if is_offline
        else resolver.with_visitor_keys(request.visitor_keys).resolve(provider)
    )
    consent = request.consents.get(provider, False)
    run.handle = handle = await run.context.start_call(
        step.endpoint,
        source,
        step.values,
        target=target,
        caller=request.caller,
        consent=consent,
        force=_choose_force(run),
    )
    run.handles.append(handle)
    if run.is_stopped:
        return
    async for phase, remaining_s in handle.stream_progress():
        yield views.build_progress_update(run, phase, remaining_s, *(["stop"] if target.is_billable else []))
    if handle.abandoned:
        return
    result = await handle.result()
    pair = await render_pair(result)
    if not run.is_stopped:  # whoever has deleted everything must find nothing new
        _store_step_result(run, step, target, handle, result, pair)


def _choose_force(run: RecipeRun) -> int:
    """The number of the call that is wanted once more."""
    previous = run.request.previous_progress
    if run.request.action == "again":
        return previous.call_id_at(run.step_index)
    return (
        previous.failed_call_id
        if run.request.action == "retry" and run.step_index == len(previous.step_results)
        else FORCE_NONE
    )


def _store_step_result(
    run: RecipeRun, step: RecipeStep, target: CallTarget, handle: CallHandle, result: CallResult, pair: RenderedPair
) -> None:
    context, session, language = run.context, run.request.caller.session_id, run.language
    pictures = store_pair(context.pictures, pair, build_file_name(result), session)
    context.history.record_success(session, result, pictures)
    if not run.progress.step_results:
        original = context.pictures.put(result.sent_photo.data, session)
        run.progress = replace(run.progress, original_token=original, changes=result.changes)
    remark = ""
    if handle.is_duplicate:
        ago = result_view.format_ago(handle.started_at, datetime.now(UTC), language)
        remark = translate("result.repeated", language, ago=ago)
    vendor = run.get_vendor_name(step.endpoint.provider)
    settings = context.settings
    recipient = VENDORS[step.endpoint.provider].get_recipient(settings)
    receipt_html = render_receipt(result, settings.keep_minutes, recipient, language)
    facts_html = facts.render_facts(result, pictures, vendor, language, "recipe")
    html = result_view.render_comparison(result, pictures, vendor, language, remark, receipt_html, facts_html)
    html += render_inspector(result.trace, render_samples(step.endpoint, result.values, target), language)
    maker = facts.Maker(result.mode, vendor if target.is_billable else "")
    run.progress = run.progress.append_result(
        StepResult(step, handle.call_id, maker, result.elapsed_s, pictures, remark, html)
    )
