"""The screens of a recipe's run: while a step is at work, when all are done, and when one came to nothing."""

import logging
from dataclasses import replace

from ...calls import run_log
from ...calls.pipeline import Phase
from ...calls.single_flight import FORCE_NONE
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, RecipeRejected, ValueRejected
from ...domain.explanations import explain
from ...inspector import Trace, render_inspector, render_samples
from ...redaction.secrets import format_stack_trace
from ..result import stage
from . import strip
from .course import RecipeProgress
from .running import RecipeRun
from .whole import render_summary

log = logging.getLogger(__name__)
RecipeUpdate = tuple[
    str, RecipeProgress | None
]  # the stage, with what can be done next; how far it has come, once it ends


def build_progress_update(run: RecipeRun, phase: Phase, remaining_s: float, *actions: str) -> RecipeUpdate:
    """While a step is at work."""
    provider = run.get_vendor_name(run.steps[min(run.step_index, len(run.steps) - 1)].endpoint.provider)
    html = stage.render_progress(
        phase, remaining_s, provider, run.target.mode if run.target else "", run.language, run.step_label
    )
    html += strip.render_running_strip(run.steps, run.progress, run.language)
    return stage.with_actions(html, actions), None


async def build_stopped_update(run: RecipeRun) -> RecipeUpdate:
    """The person has had enough."""
    is_sent = bool(run.handle and run.handle.is_sent and run.target and run.target.is_billable)
    return await build_final_update(run, stage.render_stopped(is_sent, run.language), "retry")


async def build_final_update(run: RecipeRun, notice_html: str, *actions: str) -> RecipeUpdate:
    """What there is in the end. before: HTML of what ended it early."""
    recipe_progress = run.progress
    if recipe_progress.step_results and run.load_picture(recipe_progress.step_results[-1].pictures.token) is None:
        return stage.with_actions(notice_html or _render_gone(run.language), ()), RecipeProgress()  # deleted meanwhile
    summary = await render_summary(run.context, run.request.caller.session_id, recipe_progress, run.language)
    if notice_html:
        return stage.with_actions(
            notice_html + strip.render_partial_result(recipe_progress, summary, actions, run.language), actions
        ), recipe_progress
    return stage.with_actions(
        strip.render_finished_strip(recipe_progress, summary, run.language), actions
    ), recipe_progress


async def build_failure_update(run: RecipeRun, error: Exception) -> RecipeUpdate:
    """Why it came to nothing, at which step, what is kept of those before, and what can be done next."""
    target, handle = run.target, run.handle
    is_billable = target is not None and target.is_billable
    # What is amiss with the recipe or the last results is no step's, nor is a photo that is not there.
    is_step_failure = run.progress.photo_path and not isinstance(error, RecipeRejected) and run.step_label
    step = run.steps[run.step_index] if is_step_failure else None
    run_log.log_unattributed_failure(error, step.endpoint.id if step else "recipe")
    explained = explain(error, run.language, is_billable=is_billable)
    if not isinstance(error, DemoError):
        log.error("a recipe failed\n%s", format_stack_trace(error))
    if step and target and not (handle and (handle.abandoned or handle.is_duplicate)):
        session = run.request.caller.session_id
        run.context.history.record_failure(session, step.endpoint, target.mode, step.values, explained)
    if step:
        explained = replace(explained, title=f"{run.step_label}{explained.title}")
    html = stage.render_explanation(explained, run.language)
    if step and target and isinstance(error, DemoError) and isinstance(error.trace, Trace):
        html += render_inspector(error.trace, render_samples(step.endpoint, step.values, target), run.language)
    may_cost = is_billable and may_be_billed(error)
    run.progress = replace(run.progress, failed_call_id=handle.call_id if handle and may_cost else FORCE_NONE)
    can_run_offline = is_billable and not isinstance(error, ImageRejected | ValueRejected)
    actions = [name for name, may in (("retry", step), ("offline", step and can_run_offline)) if may]
    return await build_final_update(run, html, *actions)


def _render_gone(language: str) -> str:
    return stage.render_explanation(explain(ImageRejected("result_gone"), language, is_billable=False), language)
