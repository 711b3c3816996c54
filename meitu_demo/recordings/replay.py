"""Answers calls from recordings: an ASGI app behind the reserved address RECORDED_URL, as the offline server has one.

So a replay runs through the vendor's codec and the download of its picture like any call.
"""

from dataclasses import replace
from pathlib import Path

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..calls.targets import RECORDED_URL
from ..domain.model import CallTarget, RecordedCall
from .recording import Recording
from .store import RecordingStore

KEY_HEADER = "x-recording"
PICTURE_PATH = "pictures"


def create_replay_app(folder: Path) -> Starlette:
    """The app for the recordings in `folder`. A call names its recording in KEY_HEADER; any path and key will do."""
    store = RecordingStore(folder)

    async def serve_answer(request: Request) -> Response:
        recording = await anyio.to_thread.run_sync(store.find, request.headers.get(KEY_HEADER, ""))
        if recording is None:  # deleted since the target was chosen
            return Response("this recording is gone", 404, media_type="text/plain")
        return Response(recording.body, recording.status, dict(recording.headers))

    async def serve_picture(request: Request) -> Response:
        recording = await anyio.to_thread.run_sync(store.find, request.path_params["key"])
        return Response(recording.picture) if recording else Response(status_code=404)

    return Starlette(
        routes=[
            Route(f"/{PICTURE_PATH}/{{key}}", serve_picture, methods=["GET"]),
            Route("/{path:path}", serve_answer, methods=["POST"]),
        ]
    )


def create_replay_target(target: CallTarget, recording: Recording) -> CallTarget:
    """The free target that shows `recording`, in place of `target`."""
    return replace(
        target,
        base_url=RECORDED_URL,
        extra_headers={KEY_HEADER: recording.key},
        custom_host=recording.service,
        prefers_recording=False,
        recorded=RecordedCall(recording.recorded_at, recording.elapsed_s),
    )
