"""The view of a whole recipe, or of what is done of it: the photo that went in, beside what came out at the end."""

from dataclasses import replace
from functools import partial

import anyio

from ...calls.pipeline import CallResult
from ...domain.model import Photo
from ...domain.translations import translate
from ...engine.imaging.comparison import align_to_result
from ...photos import codec
from ...runtime import cpu_slots
from ..context import Context
from ..result import facts, stage
from ..result.pictures import PICTURE_PATH
from .course import RecipeProgress


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
    return stage.render_comparison(
        call_result, pictures, last_step.maker.provider, language, remark, facts_html=facts_html
    )


def _build_photo(data: bytes) -> Photo:
    size = codec.read_size(data)
    return Photo(data, codec.sniff(data) or "image/jpeg", size[0], size[1])
