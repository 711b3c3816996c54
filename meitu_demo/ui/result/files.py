"""The routes of kept pictures: as they are shown, as they leave, and all of a session's together."""

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from ...imaging import codec
from ...words import match_language
from ..context import Context
from ..history.archive import ARCHIVE_PATH, archive, file_name
from . import delivery
from .pictures import DOWNLOAD_PATH, KEPT_PATH

HEADERS = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


def router(context: Context) -> APIRouter:
    """`/kept/…` shows a picture, `/download/…` hands it out with its label, `/archive/…` all of a session's.

    The token in the path is the key to it.
    """
    found = APIRouter()

    @found.get(f"/{KEPT_PATH}/{{token}}/{{name}}")
    async def kept(token: str, name: str) -> Response:
        data = context.pictures.get(token)
        return _picture(data) if data else gone()

    @found.get(f"/{DOWNLOAD_PATH}/{{token}}/{{name}}")
    async def download(request: Request, token: str, name: str) -> Response:
        data = context.pictures.get(token)
        if data is None:
            return gone()
        language = match_language(request.headers.get("accept-language"))
        visible = context.settings.visible_label
        return _picture(await anyio.to_thread.run_sync(lambda: delivery.leaving(data, language, visible=visible)))

    @found.get(f"/{ARCHIVE_PATH}/{{token}}/{{name}}")
    async def everything(request: Request, token: str, name: str) -> Response:
        session = context.history.session_of(token)
        if session is None:
            return gone()
        language, visible = match_language(request.headers.get("accept-language")), context.settings.visible_label
        parts = archive(context.history.runs(session), context.pictures, language, visible=visible)
        named = {"content-disposition": f'attachment; filename="{file_name()}"'}
        return StreamingResponse(parts, media_type="application/zip", headers=HEADERS | named)

    return found


def _picture(data: bytes) -> Response:
    return Response(data, media_type=codec.sniff(data), headers=HEADERS)


def gone() -> Response:
    """What has expired, or never was."""
    return PlainTextResponse("gone", 404, headers=HEADERS)
