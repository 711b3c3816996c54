"""The result view of a recipe's run: a step in progress, the results, or a failure; with a strip of steps to click.

assets/js/recipe.js shows the view of the clicked step.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import anyio
from markupsafe import Markup

from ...calls.pipeline import CallResult, Phase
from ...calls.run_log import report_failure
from ...calls.single_flight import FORCE_NONE
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, RecipeRejected, ValueRejected
from ...domain.explanations import explain
from ...domain.recipe import RecipeStep
from ...domain.translations import translate
from ...engine.imaging.comparison import align_to_result
from ...inspector.trace import Trace
from ...photos import codec
from ...runtime import cpu_slots
from ..context import Context
from ..html import render
from ..result import facts, result_view
from ..result.pictures import PICTURE_PATH
from ..result.run_stream import render_wire
from .state import RecipeProgress, RecipeRun, describe_step

SUMMARY_VIEW = "whole"
ACTION_LABELS = {
    "fetch": "result.fetch_again",
    "retry": "recipe.retry",
    "pay": "result.try_again",
    "offline": "result.run_offline",
}
# The result view with its actions; and the progress, once the run has ended.
RecipeUpdate = tuple[Markup, RecipeProgress | None]


def render_running_strip(steps: Sequence[RecipeStep], progress: RecipeProgress, language: str) -> Markup:
    """The strip of a run in progress: finished, current and coming steps."""
    done_count = len(progress.step_results)
    tiles = [
        {
            "state": "done" if index < done_count else "running" if index == done_count else "pending",
            "url": progress.step_results[index].pictures.after if index < done_count else None,
            "label": _build_label(index, step, language),
        }
        for index, step in enumerate(steps)
    ]
    return render("recipe.running_strip", language, tiles=tiles)


def render_finished_strip(progress: RecipeProgress, summary: Markup, language: str) -> Markup:
    """The strip of finished steps with their views, of which one is visible. summary: of the whole recipe, or empty."""
    results = progress.step_results
    if not results:
        return Markup()
    tiles = [
        {
            "view": str(index),
            "label": _build_label(index, result.step, language),
            "url": result.pictures.after,
            "html": result.html,
        }
        for index, result in enumerate(results)
    ]
    if summary:
        label, url = translate("recipe.whole", language), results[-1].pictures.after
        tiles.insert(0, {"view": SUMMARY_VIEW, "label": label, "url": url, "html": summary})
    return render("recipe.finished_strip", language, tiles=tiles)


def render_partial_result(progress: RecipeProgress, summary: Markup, actions: Sequence[str], language: str) -> Markup:
    """The strip below a failure, and above it buttons that click the screen's action buttons, which are far below."""
    labels = [(name, translate(ACTION_LABELS[name], language)) for name in actions]
    strip_html = render_finished_strip(progress, summary, language)
    return render("recipe.partial_result", language, labels=labels, strip_html=strip_html)


def _build_label(index: int, step: RecipeStep, language: str) -> str:
    return f"{index + 1} · {describe_step(step, language)}"


def build_progress_update(run: RecipeRun, phase: Phase, remaining_s: float, *actions: str) -> RecipeUpdate:
    """A step in progress."""
    vendor_name = run.describe_service(run.steps[min(run.step_index, len(run.steps) - 1)].endpoint.vendor_id)
    html = result_view.render_progress(
        phase, remaining_s, vendor_name, run.target.mode if run.target else "", run.language, run.step_label
    )
    html += render_running_strip(run.steps, run.progress, run.language)
    return result_view.with_actions(html, actions), None


async def build_stopped_update(run: RecipeRun) -> RecipeUpdate:
    """The person stopped the run."""
    is_sent = bool(run.handle and run.handle.call.is_sent and run.target and run.target.is_billable)
    return await build_final_update(run, result_view.render_stopped(is_sent, run.language), "retry")


async def build_fetched_update(run: RecipeRun) -> RecipeUpdate:
    """The picture of the step that had failed is there now; the steps after it have not run."""
    texts = [translate(f"recipe.{key}", run.language) for key in ("fetched_title", "fetched_text")]
    return await build_final_update(run, result_view.render_notice(*texts), "retry")


async def build_final_update(run: RecipeRun, notice_html: Markup, *actions: str) -> RecipeUpdate:
    """The end of a run. notice_html: what ended it early, empty otherwise."""
    progress = run.progress
    if progress.step_results and run.load_picture(progress.step_results[-1].pictures.token) is None:
        return notice_html or _render_gone(run.language), RecipeProgress()  # deleted meanwhile
    summary = await render_summary(run.context, run.request.caller.session_id, progress, run.language)
    if notice_html:
        html = notice_html + render_partial_result(progress, summary, actions, run.language)
    else:
        html = render_finished_strip(progress, summary, run.language)
    return result_view.with_actions(html, actions), progress


async def build_failure_update(run: RecipeRun, error: Exception) -> RecipeUpdate:
    """The explanation, with the step that failed, the results of earlier steps, and the next actions."""
    target, handle = run.target, run.handle
    is_billable = target is not None and target.is_billable
    # An invalid recipe, a deleted result and a missing photo are failures of the run, not of a step.
    is_step_failure = run.progress.photo_path and not isinstance(error, RecipeRejected) and run.step_label
    step = run.steps[run.step_index] if is_step_failure else None
    endpoint_id = step.endpoint.id if step else "recipe"
    explained = report_failure(error, run.language, endpoint=endpoint_id, is_billable=is_billable)
    if step and target and not (handle and (handle.abandoned or handle.is_duplicate)):
        session = run.request.caller.session_id
        run.context.history.record_failure(
            session,
            step.endpoint,
            target.mode,
            step.values,
            explained,
            service=target.service,
            refetch_id=handle.call.id if handle and handle.call.can_refetch else FORCE_NONE,
        )
    if step:
        explained = replace(explained, title=f"{run.step_label}{explained.title}")
    recorded = target.recorded if step and target else None
    vendor_name = run.describe_service(step.endpoint.vendor_id) if step else ""
    html = result_view.render_explanation(explained, run.language, "", recorded, vendor_name)
    if step and target and isinstance(error, DemoError) and isinstance(error.trace, Trace):
        html += render_wire(error.trace, step.endpoint, step.values, target, run.language)
    may_cost = is_billable and may_be_billed(error)
    failed_call_id = handle.call.id if handle and may_cost else FORCE_NONE
    run.progress = replace(run.progress, failed_call_id=failed_call_id, failed_step=step)
    can_run_offline = (is_billable or recorded is not None) and not isinstance(error, ImageRejected | ValueRejected)
    can_refetch = handle is not None and handle.call.can_refetch
    possible = {"fetch": can_refetch, "pay": may_cost, "retry": not may_cost, "offline": can_run_offline}
    actions = [name for name, is_possible in possible.items() if step and is_possible]
    return await build_final_update(run, html, *actions)


def _render_gone(language: str) -> Markup:
    return result_view.render_explanation(explain(ImageRejected("result_gone"), language, is_billable=False), language)


async def render_summary(context: Context, session: str, progress: RecipeProgress, language: str) -> Markup:
    """The photo beside the last result, for the whole recipe; empty for one step, or if a picture was deleted."""
    if len(progress.step_results) < 2:
        return Markup()
    last_step = progress.step_results[-1]
    original_data, final_data = (
        context.pictures.get_owned(session, token) for token in (progress.original_token, last_step.pictures.token)
    )
    if original_data is None or final_data is None:
        return Markup()
    sent_photo, result_photo = (
        await anyio.to_thread.run_sync(codec.read_photo, original_data),
        await anyio.to_thread.run_sync(codec.read_photo, final_data),
    )
    changes_framing = any(finished.step.endpoint.changes_framing for finished in progress.step_results)
    aligned = await cpu_slots.run_in_worker(
        partial(align_to_result, sent_photo, result_photo, changes_framing=changes_framing)
    )
    if context.pictures.get_owned(session, progress.original_token) is None:  # deleted meanwhile: store nothing new
        return Markup()
    timestamp = last_step.pictures.file_name.rpartition("_")[2]
    download = f"{last_step.pictures.download.rpartition('/')[0]}/recipe_{timestamp}"
    pictures = replace(
        last_step.pictures,
        before=f"{PICTURE_PATH}/{context.pictures.put(aligned, session)}/before.jpg",
        download=download,
        file_name=f"recipe_{timestamp}",
    )
    paid_call_count = sum(finished.maker.mode in ("live", "lab") for finished in progress.step_results)
    elapsed_s = sum(finished.elapsed_s for finished in progress.step_results)
    makers = [finished.maker for finished in progress.step_results]
    size = (result_photo.width, result_photo.height)
    facts_html = facts.render_facts_line(makers, paid_call_count, elapsed_s, size, pictures, "recipe", language)
    endpoint = replace(last_step.step.endpoint, id="recipe", changes_framing=changes_framing)  # only for its name
    call_result = CallResult(endpoint, last_step.maker.mode, {}, sent_photo, result_photo, progress.changes, elapsed_s)
    has_repeated_step = any(finished.remark for finished in progress.step_results)
    remark = translate("recipe.repeated", language) if has_repeated_step else ""
    return result_view.render_comparison(
        call_result, pictures, last_step.maker.vendor_name, language, remark, facts_html=facts_html
    )
