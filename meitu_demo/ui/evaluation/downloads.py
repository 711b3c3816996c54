"""The downloads of an evaluation: the report as one HTML file, the calls as CSV, the labelled pictures as ZIP.

The unguessable token in the path is the only authorization, as for pictures and archives.
"""

import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from ...evaluation.csv_export import format_csv
from ...evaluation.outcomes import Outcome
from ...evaluation.plan import Plan
from ...evaluation.sessions import Evaluation
from ...runtime.picture_store import PictureStore
from ..context import Context
from ..history.archive import StreamingBuffer, build_zip_info, label_picture
from ..html import encode_data_url
from ..result.files import NO_STORE_HEADERS, not_found
from ..texts import detect_language
from .pictures import build_file_name
from .report import PictureUrl, render_document

EVALUATION_PATH = "evaluation"
DOWNLOAD_KINDS = {"html": "report.html", "csv": "calls.csv", "zip": "pictures.zip"}


def build_router(context: Context) -> APIRouter:
    """`/evaluation/<token>/<name>`, for each of DOWNLOAD_KINDS."""
    router = APIRouter()

    @router.get(f"/{EVALUATION_PATH}/{{token}}/{{name}}")
    async def serve_download(request: Request, token: str, name: str) -> Response:
        evaluation = context.evaluations.find(token)
        if evaluation is None or evaluation.plan is None or name not in DOWNLOAD_KINDS.values():
            return not_found()
        language, plan, outcomes = detect_language(request), evaluation.plan, dict(evaluation.outcomes)
        headers = NO_STORE_HEADERS | {"content-disposition": f'attachment; filename="{build_name(name)}"'}
        if name == DOWNLOAD_KINDS["csv"]:
            text = "\ufeff" + format_csv(plan, outcomes, language)  # the mark, so that Excel reads UTF-8
            return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
        if name == DOWNLOAD_KINDS["html"]:
            get_url = _build_url_getter(context.pictures, evaluation)
            document = await anyio.to_thread.run_sync(render_document, plan, outcomes, get_url, language)
            return Response(document, media_type="text/html; charset=utf-8", headers=headers)
        chunks = _stream_zip(
            plan, outcomes, context.pictures, evaluation, language, visible_label=context.settings.visible_label
        )
        return StreamingResponse(chunks, media_type="application/zip", headers=headers)

    return router


def build_name(name: str) -> str:
    """For instance ``evaluation_20260308-142501_report.html``."""
    return f"evaluation_{datetime.now(UTC).strftime('%Y%m%d-%H%M%S')}_{name}"


def _build_url_getter(store: PictureStore, evaluation: Evaluation) -> PictureUrl:
    """Data URLs of the small pictures. They are looked up now: the store belongs to the event loop."""
    thumbnails = {
        name: store.get(token) for name, token in evaluation.pictures.items() if not name.startswith("picture ")
    }
    return lambda name: encode_data_url(thumbnails.get(name))


async def _stream_zip(
    plan: Plan,
    outcomes: dict[str, Outcome],
    store: PictureStore,
    evaluation: Evaluation,
    language: str,
    *,
    visible_label: bool,
) -> AsyncIterator[bytes]:
    """One labelled picture after the other, then the calls as CSV. Pictures that are no longer kept are left out."""
    buffer, now = StreamingBuffer(), datetime.now(UTC)
    with zipfile.ZipFile(buffer, "w") as zip_file:
        for job in plan.jobs:
            token = evaluation.pictures.get(f"picture {job.key}")
            labelled = await label_picture(store.get(token) if token else None, language, visible_label=visible_label)
            if labelled:
                zip_file.writestr(build_zip_info(build_file_name(job, labelled), now), labelled)
                yield buffer.drain()
        zip_file.writestr(build_zip_info(DOWNLOAD_KINDS["csv"], now), "\ufeff" + format_csv(plan, outcomes, language))
    yield buffer.drain()
