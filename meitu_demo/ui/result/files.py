"""The routes of stored pictures: for display, as a labelled download, and all of a session as an archive."""

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from ...photos import codec
from ..context import Context
from ..history.archive import ARCHIVE_PATH, build_archive_name, stream_archive
from ..texts import detect_language
from . import export
from .pictures import DOWNLOAD_PATH, PICTURE_PATH

NO_STORE_HEADERS = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


def build_router(context: Context) -> APIRouter:
    """`/kept/…` serves a picture, `/download/…` the labelled picture, `/archive/…` all pictures of a session.

    The unguessable token in the path is the only authorization.
    """
    api_router = APIRouter()

    @api_router.get(f"/{PICTURE_PATH}/{{token}}/{{name}}")
    async def serve_picture(token: str, name: str) -> Response:
        data = context.pictures.get(token)
        return _build_picture_response(data) if data else not_found()

    @api_router.get(f"/{DOWNLOAD_PATH}/{{token}}/{{name}}")
    async def serve_download(request: Request, token: str, name: str) -> Response:
        data = context.pictures.get(token)
        if data is None:
            return not_found()
        language = detect_language(request)
        visible_label = context.settings.visible_label
        return _build_picture_response(
            await anyio.to_thread.run_sync(lambda: export.for_download(data, language, visible_label=visible_label))
        )

    @api_router.get(f"/{ARCHIVE_PATH}/{{token}}/{{name}}")
    async def serve_archive(request: Request, token: str, name: str) -> Response:
        session = context.history.find_session(token)
        if session is None:
            return not_found()
        language, visible_label = detect_language(request), context.settings.visible_label
        chunks = stream_archive(
            context.history.list_runs(session), context.pictures, language, visible_label=visible_label
        )
        disposition_header = {"content-disposition": f'attachment; filename="{build_archive_name()}"'}
        return StreamingResponse(chunks, media_type="application/zip", headers=NO_STORE_HEADERS | disposition_header)

    return api_router


def _build_picture_response(data: bytes) -> Response:
    return Response(data, media_type=codec.sniff(data), headers=NO_STORE_HEADERS)


def not_found() -> Response:
    """The response for a token that has expired or never existed."""
    return PlainTextResponse("gone", 404, headers=NO_STORE_HEADERS)
