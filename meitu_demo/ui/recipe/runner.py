"""Runs a recipe: one call for each step, each on the unlabelled result of the previous step.

If a step fails, the run ends with an explanation that names the step. The earlier results remain, and "try again"
resumes at that step.
"""

from collections.abc import AsyncIterator
from dataclasses import replace

from ...calls.pipeline import CallResult, Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.errors import ImageRejected, RecipeRejected
from ...domain.recipe import RecipeStep, parse_recipe
from ...endpoints import CATALOGUE
from ..context import Context
from ..html import EMPTY_HTML
from ..result import facts, result_view
from ..result.pictures import PictureUrls
from ..result.run_stream import describe_repeat, finish_run, render_run_receipt, render_wire
from ..security.upload_validation import get_payload_path
from . import views
from .state import RecipeProgress, RecipeRequest, RecipeRun, StepResult
from .views import RecipeUpdate


async def stream_recipe(context: Context, request: RecipeRequest) -> AsyncIterator[RecipeUpdate]:
    """The updates of the screen, at each step and at the end."""
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
            if request.action == "fetch" and run.step_index < len(run.steps):  # the next step may cost a call
                yield await views.build_fetched_update(run)
                return
        can_repeat = any(finished.remark for finished in run.progress.step_results)
        yield await views.build_final_update(run, EMPTY_HTML, *(["again"] if can_repeat else []))
    except Exception as error:  # every failure ends as an explanation on the screen
        yield await views.build_failure_update(run, error)
    finally:
        for handle in run.handles:
            handle.release()


def _resume_or_start(run: RecipeRun) -> RecipeProgress:
    """The progress to start from; no step is paid again. Raises ImageRejected if it or its last result was deleted."""
    photo, previous = get_payload_path(run.request.photo), run.request.previous_progress
    if previous is None:
        if run.request.action in ("retry", "pay", "fetch"):
            raise ImageRejected("result_gone")
        return RecipeProgress(photo)
    next_steps = run.steps[len(previous.step_results) :][:1]
    if run.request.action == "fetch" and list(next_steps) != [previous.failed_step]:
        raise ImageRejected("result_gone")  # the list has changed since; the history still has the call
    if run.request.action not in ("retry", "pay", "fetch", "offline") or not previous.can_resume(photo, run.steps):
        return RecipeProgress(photo)
    if previous.step_results and run.load_picture(previous.step_results[-1].pictures.token) is None:
        raise ImageRejected("result_gone")
    return previous


async def _load_source(run: RecipeRun) -> bytes:
    """The photo, or the unlabelled result of the previous step."""
    if not run.progress.step_results:
        return await run.context.read_upload(run.request.photo, run.request.caller)
    data = run.load_picture(run.progress.step_results[-1].pictures.token)
    if data is None:
        raise ImageRejected("result_gone")
    return data


async def _run_step(run: RecipeRun, step: RecipeStep) -> AsyncIterator[RecipeUpdate]:
    request, service, vendor_id = run.request, run.context.service, step.endpoint.vendor_id
    run.handle = run.target = None
    if request.action == "fetch":
        handle = service.refetch(request.caller, (request.previous_progress or RecipeProgress()).failed_call_id)
        run.target = handle.call.spec.target
    else:
        source = await _load_source(run)
        run.target = await service.choose_target(
            vendor_id,
            payer=request.payers.get(vendor_id, ""),
            mode="offline" if request.action == "offline" else "any",
            visitor_keys=request.visitor_keys,
        )
        handle = await service.start(
            step.endpoint,
            source,
            step.values,
            target=run.target,
            caller=request.caller,
            consent=request.consents.get(vendor_id, False),
            force=_choose_force(run),
        )
    run.handle, run.target = handle, handle.call.spec.target
    run.handles.append(handle)
    if run.is_stopped:
        return
    async for phase, remaining_s in handle.stream_progress():
        yield views.build_progress_update(run, phase, remaining_s, *(["stop"] if run.target.is_billable else []))
    finished = await finish_run(run.context, handle, request.caller)
    if finished is not None:
        _append_step_result(run, step, handle, *finished)


def _choose_force(run: RecipeRun) -> int:
    """The `force` of the step's call: the id of the call to repeat, or FORCE_NONE."""
    previous = run.request.previous_progress or RecipeProgress()
    if run.request.action == "again":
        return previous.call_id_at(run.step_index)
    return (
        previous.failed_call_id
        if run.request.action == "pay" and run.step_index == len(previous.step_results)
        else FORCE_NONE
    )


def _append_step_result(
    run: RecipeRun, step: RecipeStep, handle: CallHandle, result: CallResult, pictures: PictureUrls
) -> None:
    context, language = run.context, run.language
    if not run.progress.step_results:
        original = context.pictures.put(result.sent_photo.data, run.request.caller.session_id)
        run.progress = replace(run.progress, original_token=original, changes=result.changes)
    remark = describe_repeat("repeated", handle, language)
    service = run.describe_service(step.endpoint.vendor_id)
    receipt_html = render_run_receipt(context, result, language)
    facts_html = facts.render_facts(result, pictures, service, language, "recipe")
    html = result_view.render_comparison(result, pictures, service, language, remark, receipt_html, facts_html)
    html += render_wire(result.trace, step.endpoint, result.values, handle.call.spec.target, language)
    maker = facts.Maker(result.mode, "" if result.mode == "offline" else service, result.recorded)
    run.progress = run.progress.append_result(
        StepResult(step, handle.call.id, maker, result.elapsed_s, pictures, remark, html)
    )
