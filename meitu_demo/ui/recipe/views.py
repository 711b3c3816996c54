"""What is shown of a recipe's run: the stage, and a strip of its steps, each of which can be looked at by a click.

assets/js/recipe.js shows the view that is clicked. Pure; every text is escaped here.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from html import escape

import anyio

from ...calls.pipeline import CallResult, Phase
from ...calls.run_log import report_failure
from ...calls.single_flight import FORCE_NONE
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, RecipeRejected, ValueRejected
from ...domain.explanations import explain
from ...domain.model import Photo
from ...domain.recipe import RecipeStep
from ...domain.translations import translate
from ...engine.imaging.comparison import align_to_result
from ...inspector import Trace, render_inspector, render_samples
from ...photos import codec
from ...runtime import cpu_slots
from ..context import Context
from ..result import facts, result_view
from ..result.pictures import PICTURE_PATH
from .state import RecipeProgress, RecipeRun, describe_step

SUMMARY_VIEW = "whole"


def render_running_strip(steps: Sequence[RecipeStep], progress: RecipeProgress, language: str) -> str:
    """The strip while steps are still to come: those that are done, the one at work, those that wait."""
    tiles = []
    for index, step in enumerate(steps):
        step_result = progress.step_results[index] if index < len(progress.step_results) else None
        state = "done" if step_result else "at-work" if index == len(progress.step_results) else "to-come"
        picture = _render_thumbnail(step_result.pictures.after) if step_result else '<i class="blank"></i>'
        tiles.append(
            f'<li class="tile {state}">{picture}<span>{escape(_build_label(index, step, language))}</span></li>'
        )
    return f'<ol class="strip" aria-label="{_translate_html("strip", language)}">{"".join(tiles)}</ol>'


def render_finished_strip(progress: RecipeProgress, summary: str, language: str) -> str:
    """The steps that are done, one of them in view. whole: the view of all of them together, if it is another."""
    step_results = progress.step_results
    if not step_results:
        return ""
    tiles = [
        (str(place), _build_label(place, one.step, language), one.pictures.after)
        for place, one in enumerate(step_results)
    ]
    views = {str(place): one.html for place, one in enumerate(step_results)}
    if summary:
        tiles.insert(0, (SUMMARY_VIEW, translate("recipe.whole", language), step_results[-1].pictures.after))
        views = {SUMMARY_VIEW: summary, **views}
    buttons = "".join(
        f'<button type="button" class="tile" data-view="{view}" aria-pressed="{str(not at).lower()}">'
        f"{_render_thumbnail(address)}<span>{escape(name)}</span></button>"
        for at, (view, name, address) in enumerate(tiles)
    )
    sections = "".join(
        f'<section class="view" data-view="{view}"{" hidden" if at else ""}>{views[view]}</section>'
        for at, (view, _, _) in enumerate(tiles)
    )
    strip = f'<div class="strip" role="group" aria-label="{_translate_html("strip", language)}">{buttons}</div>'
    return f'<div class="course">{strip if len(tiles) > 1 else ""}{sections}</div>'


def render_partial_result(progress: RecipeProgress, summary: str, actions: Sequence[str], language: str) -> str:
    """The same below a failure, and above it buttons that press the screen's own, which stand below everything.

    can: names of those.
    """
    strip_html = render_finished_strip(progress, summary, language)
    label_keys = {"retry": "recipe.retry", "offline": "result.run_offline"}
    buttons = "".join(
        f'<button type="button" class="plain" data-press="recipe-{name}">{escape(translate(label_keys[name], language))}'  # noqa: E501
        "</button>"
        for name in actions
    )
    row = f'<div class="after-here">{buttons}</div>' if buttons else ""
    return f'{row}<h3 class="kept">{_translate_html("kept", language)}</h3>{strip_html}' if strip_html else row


def _build_label(index: int, step: RecipeStep, language: str) -> str:
    return f"{index + 1} · {describe_step(step, language)}"


def _render_thumbnail(url: str) -> str:
    return f'<img src="{escape(url)}" alt="" draggable="false">'  # its name stands beside it


def _translate_html(key: str, language: str) -> str:
    return escape(translate(f"recipe.{key}", language))


# MERGED ui/recipe/telling.py: The screens of a recipe's run: while a step is at work, when all are done, and when one
# came to nothing.


RecipeUpdate = tuple[
    str, RecipeProgress | None
]  # the stage, with what can be done next; how far it has come, once it ends


def build_progress_update(run: RecipeRun, phase: Phase, remaining_s: float, *actions: str) -> RecipeUpdate:
    """While a step is at work."""
    provider = run.get_vendor_name(run.steps[min(run.step_index, len(run.steps) - 1)].endpoint.provider)
    html = result_view.render_progress(
        phase, remaining_s, provider, run.target.mode if run.target else "", run.language, run.step_label
    )
    html += render_running_strip(run.steps, run.progress, run.language)
    return result_view.with_actions(html, actions), None


async def build_stopped_update(run: RecipeRun) -> RecipeUpdate:
    """The person has had enough."""
    is_sent = bool(run.handle and run.handle.is_sent and run.target and run.target.is_billable)
    return await build_final_update(run, result_view.render_stopped(is_sent, run.language), "retry")


async def build_final_update(run: RecipeRun, notice_html: str, *actions: str) -> RecipeUpdate:
    """What there is in the end. before: HTML of what ended it early."""
    recipe_progress = run.progress
    if recipe_progress.step_results and run.load_picture(recipe_progress.step_results[-1].pictures.token) is None:
        return result_view.with_actions(
            notice_html or _render_gone(run.language), ()
        ), RecipeProgress()  # deleted meanwhile
    summary = await render_summary(run.context, run.request.caller.session_id, recipe_progress, run.language)
    if notice_html:
        return result_view.with_actions(
            notice_html + render_partial_result(recipe_progress, summary, actions, run.language), actions
        ), recipe_progress
    return result_view.with_actions(
        render_finished_strip(recipe_progress, summary, run.language), actions
    ), recipe_progress


async def build_failure_update(run: RecipeRun, error: Exception) -> RecipeUpdate:
    """Why it came to nothing, at which step, what is kept of those before, and what can be done next."""
    target, handle = run.target, run.handle
    is_billable = target is not None and target.is_billable
    # What is amiss with the recipe or the last results is no step's, nor is a photo that is not there.
    is_step_failure = run.progress.photo_path and not isinstance(error, RecipeRejected) and run.step_label
    step = run.steps[run.step_index] if is_step_failure else None
    endpoint_id = step.endpoint.id if step else "recipe"
    explained = report_failure(error, run.language, endpoint=endpoint_id, is_billable=is_billable)
    if step and target and not (handle and (handle.abandoned or handle.is_duplicate)):
        session = run.request.caller.session_id
        run.context.history.record_failure(session, step.endpoint, target.mode, step.values, explained)
    if step:
        explained = replace(explained, title=f"{run.step_label}{explained.title}")
    html = result_view.render_explanation(explained, run.language)
    if step and target and isinstance(error, DemoError) and isinstance(error.trace, Trace):
        html += render_inspector(error.trace, render_samples(step.endpoint, step.values, target), run.language)
    may_cost = is_billable and may_be_billed(error)
    run.progress = replace(run.progress, failed_call_id=handle.call_id if handle and may_cost else FORCE_NONE)
    can_run_offline = is_billable and not isinstance(error, ImageRejected | ValueRejected)
    actions = [name for name, may in (("retry", step), ("offline", step and can_run_offline)) if may]
    return await build_final_update(run, html, *actions)


def _render_gone(language: str) -> str:
    return result_view.render_explanation(explain(ImageRejected("result_gone"), language, is_billable=False), language)


# MERGED ui/recipe/whole.py: The view of a whole recipe, or of what is done of it: the photo that went in, beside what
# came out at the end.


async def render_summary(context: Context, session: str, progress: RecipeProgress, language: str) -> str:
    """As HTML; "" where the only step says it all, or where a picture is gone."""
    if len(progress.step_results) < 2:
        return ""
    last_step = progress.step_results[-1]
    original_data, final_data = (
        context.pictures.get_owned(session, token) for token in (progress.original_token, last_step.pictures.token)
    )
    if original_data is None or final_data is None:
        return ""
    sent_photo, result_photo = (
        await anyio.to_thread.run_sync(_build_photo, original_data),
        await anyio.to_thread.run_sync(_build_photo, final_data),
    )
    changes_framing = any(finished.step.endpoint.changes_framing for finished in progress.step_results)
    aligned = await cpu_slots.run_in_worker(
        partial(align_to_result, sent_photo, result_photo, changes_framing=changes_framing)
    )
    if (
        context.pictures.get_owned(session, progress.original_token) is None
    ):  # deleted meanwhile: then nothing new is kept
        return ""
    timestamp = last_step.pictures.file_name.rpartition("_")[2]
    download = f"{last_step.pictures.download.rpartition('/')[0]}/recipe_{timestamp}"
    pictures = replace(
        last_step.pictures,
        before=f"{PICTURE_PATH}/{context.pictures.put(aligned, session)}/before.jpg",
        download=download,
        file_name=f"recipe_{timestamp}",
    )
    paid_call_count = sum(finished.maker.mode != "offline" for finished in progress.step_results)
    elapsed_s = sum(finished.elapsed_s for finished in progress.step_results)
    makers = [finished.maker for finished in progress.step_results]
    size = (result_photo.width, result_photo.height)
    facts_html = facts.render_facts_line(makers, paid_call_count, elapsed_s, size, pictures, "recipe", language)
    endpoint = replace(last_step.step.endpoint, id="recipe", changes_framing=changes_framing)  # for its name alone
    call_result = CallResult(endpoint, last_step.maker.mode, {}, sent_photo, result_photo, progress.changes, elapsed_s)
    has_repeated_step = any(finished.remark for finished in progress.step_results)
    remark = translate("recipe.repeated", language) if has_repeated_step else ""
    return result_view.render_comparison(
        call_result, pictures, last_step.maker.provider, language, remark, facts_html=facts_html
    )


def _build_photo(data: bytes) -> Photo:
    size = codec.read_size(data)
    return Photo(data, codec.sniff(data) or "image/jpeg", size[0], size[1])
