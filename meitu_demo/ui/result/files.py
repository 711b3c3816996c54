"""The routes of kept pictures: as they are shown, and as they leave."""

import anyio
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from ...imaging import codec
from ...words import match_language
from ..context import Context
from . import delivery
from .pictures import DOWNLOAD_PATH, KEPT_PATH

HEADERS = {"cache-control": "private, no-store", "x-content-type-options": "nosniff"}


def router(context: Context) -> APIRouter:
    """`/kept/…` shows a picture, `/download/…` hands it out with its label. The token in the path is the key to it."""
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

    return found


def _picture(data: bytes) -> Response:
    return Response(data, media_type=codec.sniff(data), headers=HEADERS)


def gone() -> Response:
    """What has expired, or never was."""
    return PlainTextResponse("gone", 404, headers=HEADERS)
