"""Streams a contact sheet: first its empty cells, then its first picture, then the others in batches.

A sheet takes one slot of the offline engine's queue. Another photo or another sheet cancels it; Gradio notices a closed
tab at the next update. Gradio's `cancels` does not help, because it needs the event's id, which the page does not have
yet when somebody clicks quickly.
"""

import asyncio
import itertools
import logging
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import anyio
from markupsafe import Markup

from ...domain.errors import DemoError
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...engine.contact_sheets import FaceCrop
from ...redaction.secrets import format_stack_trace
from ...service import Caller
from ..context import Context
from . import sheet_specs
from .sheet_specs import ContactSheet

log = logging.getLogger(__name__)
BATCH_WINDOW_S = 0.1  # pictures that are ready within it go into one update
MAX_TRACKED_SESSIONS = 2000  # the oldest are dropped
HEARTBEAT_INTERVAL_S = 1.0  # without news, the last update is repeated, so that Gradio notices a closed tab
ThumbnailIterator = Iterator[bytes | None]


class LatestRequest:
    """Each session's latest request for one panel's sheet (id, photo path); earlier ones are no longer current."""

    def __init__(self) -> None:
        self._request_ids = itertools.count()
        self._requests: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def register(self, session: str, photo: str) -> Callable[[], bool]:
        """Register a request for the photo at that path; returns a function that tells whether it is still current."""
        registered = self._requests[session] = next(self._request_ids), photo
        self._requests.move_to_end(session)
        while len(self._requests) > MAX_TRACKED_SESSIONS:
            self._requests.popitem(last=False)
        return lambda: self._requests.get(session) == registered

    def has_request(self, session: str) -> bool:
        """Whether the session has a current request."""
        return session in self._requests

    def cancel(self, session: str, photo: object) -> bool:
        """Cancel the session's request unless it is for the current `photo`, a path or ""; returns False if it is.

        Gradio reports some changes late, so a change to the photo of the request cancels nothing.
        """
        if self._requests.get(session, (0, ""))[1] == photo:
            return False
        self._requests.pop(session, None)
        return True


@dataclass(frozen=True, slots=True)
class SheetRequest:
    """One click: caller, photo, sheet, the function that draws it, and whether the click is still current."""

    endpoint: Endpoint
    caller: Caller
    language: str
    photo: Any
    sheet: ContactSheet
    render_thumbnails: Callable[[FaceCrop], ThumbnailIterator]
    is_current: Callable[[], bool]


async def stream_sheet(context: Context, sheet_request: SheetRequest) -> AsyncIterator[Markup]:
    """The sheet's HTML at each step; the last is the full sheet or an explanation."""
    updates: asyncio.Queue[Markup | None] = asyncio.Queue()
    task = asyncio.create_task(_render_sheet(context, sheet_request, updates.put_nowait))
    last_update = sheet_specs.render_sheet(sheet_request.sheet, (), sheet_request.language)
    yield last_update
    try:
        while True:
            try:
                update = await asyncio.wait_for(updates.get(), HEARTBEAT_INTERVAL_S)
            except TimeoutError:
                update = last_update
            if update is None or not sheet_request.is_current():
                return
            last_update = update
            yield last_update
    finally:
        task.cancel()


async def _render_sheet(
    context: Context, sheet_request: SheetRequest, send_update: Callable[[Markup | None], None]
) -> None:
    def on_position(position: int, wait_s: int | None) -> None:
        send_update(sheet_specs.render_queued_sheet(sheet_request.sheet, wait_s, sheet_request.language))

    try:
        async with context.service.engine_slot(sheet_request.caller, on_position):
            face_crop = await context.face_crops.get_or_crop(
                sheet_request.endpoint, sheet_request.photo, sheet_request.caller, context.read_upload
            )
            sheet = _add_face_count_note(sheet_request.sheet, face_crop.face_count, sheet_request.language)
            thumbnails: list[bytes | None] = []
            thumbnail_iterator = sheet_request.render_thumbnails(face_crop)
            batch = await anyio.to_thread.run_sync(_render_batch, thumbnail_iterator, 0.0)
            while batch:
                thumbnails += batch
                send_update(sheet_specs.render_sheet(sheet, thumbnails, sheet_request.language))
                batch = await anyio.to_thread.run_sync(_render_batch, thumbnail_iterator, BATCH_WINDOW_S)
    except Exception as error:
        if not isinstance(error, DemoError):
            log.error("a sheet of %s failed\n%s", sheet_request.endpoint.id, format_stack_trace(error))
        send_update(sheet_specs.render_sheet_error(error, sheet_request.language))
    send_update(None)


def _add_face_count_note(sheet: ContactSheet, face_count: int, language: str) -> ContactSheet:
    if face_count < 2:
        return sheet
    return replace(sheet, note=f"{sheet.note} {translate('preflight.several.warn', language, count=face_count)}")


def _render_batch(thumbnail_iterator: ThumbnailIterator, window_s: float) -> list[bytes | None]:
    """The pictures of the next `window_s` seconds, at least one if any is left. Blocks."""
    deadline, batch = time.monotonic() + window_s, []
    for picture in thumbnail_iterator:
        batch.append(picture)
        if time.monotonic() >= deadline:
            break
    return batch
