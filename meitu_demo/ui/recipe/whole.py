"""The view of a whole recipe, or of what is done of it: the photo that went in, beside what came out at the end."""

from dataclasses import replace
from functools import partial

import anyio

from ...imaging import codec, cores
from ...imaging.compare import align_to_result
from ...service import CallResult
from ...spec import Photo
from ...words import translate
from ..context import Context
from ..result import facts, stage
from ..result.pictures import KEPT_PATH
from .course import Course


async def whole(context: Context, session: str, course: Course, language: str) -> str:
    """As HTML; "" where the only step says it all, or where a picture is gone."""
    if len(course.finished) < 2:
        return ""
    last = course.finished[-1]
    first, end = (context.pictures.get_owned(session, token) for token in (course.original, last.pictures.token))
    if first is None or end is None:
        return ""
    sent, result = await anyio.to_thread.run_sync(_photo, first), await anyio.to_thread.run_sync(_photo, end)
    reframed = any(finished.step.endpoint.changes_framing for finished in course.finished)
    before = await cores.run_in_worker(partial(align_to_result, sent, result, changes_framing=reframed))
    if context.pictures.get_owned(session, course.original) is None:  # deleted meanwhile: then nothing new is kept
        return ""
    stamp = last.pictures.file_name.rpartition("_")[2]
    download = f"{last.pictures.download.rpartition('/')[0]}/recipe_{stamp}"
    pictures = replace(
        last.pictures,
        before=f"{KEPT_PATH}/{context.pictures.put(before, session)}/before.jpg",
        download=download,
        file_name=f"recipe_{stamp}",
    )
    paid = sum(finished.maker.mode != "offline" for finished in course.finished)
    seconds = sum(finished.elapsed_s for finished in course.finished)
    makers = [finished.maker for finished in course.finished]
    size = (result.width, result.height)
    line = facts.line(makers, paid, seconds, size, pictures, "recipe", language)
    endpoint = replace(last.step.endpoint, id="recipe", changes_framing=reframed)  # for its name alone
    outcome = CallResult(endpoint, last.maker.mode, {}, sent, result, course.changes, seconds)
    repeated = any(finished.remark for finished in course.finished)
    remark = translate("recipe.repeated", language) if repeated else ""
    return stage.comparison(outcome, pictures, last.maker.provider, language, remark, line=line)


def _photo(data: bytes) -> Photo:
    size = codec.read_size(data)
    return Photo(data, codec.sniff(data) or "image/jpeg", size[0], size[1])
