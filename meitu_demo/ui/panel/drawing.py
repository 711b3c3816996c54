"""What a click on "see all" does: the sheet's places at once, its first picture next, the others as they come.

A whole sheet is one turn at the offline engine. Who gives another photo or asks for another sheet takes the wish back,
and who leaves is missed by Gradio at the next update: then it is gone from the line. Gradio's own `cancels` will not
do: the page must know an event's id for it, which it does not have yet when somebody is quick.
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

from ...errors import DemoError
from ...redaction import format_stack_trace
from ...sheets import FaceCrop
from ...spec import Endpoint
from ...words import translate
from ..context import Context
from ..visits import Visit
from . import sheet as shown
from .sheet import Sheet

log = logging.getLogger(__name__)
BATCH_S = 0.1  # pictures of so long go into one update
SESSIONS = 2000  # whose latest wish is remembered
STILL_HERE_S = 1.0  # between two updates while waiting
Pictures = Iterator[bytes | None]


class Latest:
    """Each session's latest wish for one panel's sheet, by number and photo: earlier ones are wanted no more."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._latest: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def wish(self, session: str, photo: str) -> Callable[[], bool]:
        """Another one, for the photo at that path; tells whether it is still wanted."""
        mine = self._latest[session] = next(self._numbers), photo
        self._latest.move_to_end(session)
        while len(self._latest) > SESSIONS:
            self._latest.popitem(last=False)
        return lambda: self._latest.get(session) == mine

    def any(self, session: str) -> bool:
        """Whether something is wished for."""
        return session in self._latest

    def take_back(self, session: str, photo: object) -> bool:
        """`photo`, a path or "", is there now: whether it is another than the wish's. Some changes are told late."""
        if self._latest.get(session, (0, ""))[1] == photo:
            return False
        self._latest.pop(session, None)
        return True


@dataclass(frozen=True, slots=True)
class Wish:
    """One click: whose, on which photo, which sheet, who draws it, and whether it is still wanted."""

    endpoint: Endpoint
    visit: Visit
    language: str
    photo: Any
    sheet: Sheet
    draw: Callable[[FaceCrop], Pictures]
    wanted: Callable[[], bool]


async def watch(context: Context, wish: Wish) -> AsyncIterator[str]:
    """The screen at each step, and at its end, whatever that is."""
    updates: asyncio.Queue[str | None] = asyncio.Queue()
    work = asyncio.create_task(_work(context, wish, updates.put_nowait))
    last = shown.render(wish.sheet, ())
    yield last
    try:
        while True:
            try:
                update = await asyncio.wait_for(updates.get(), STILL_HERE_S)
            except TimeoutError:
                update = last
            if update is None or not wish.wanted():
                return
            last = update
            yield last
    finally:
        work.cancel()


async def _work(context: Context, wish: Wish, tell: Callable[[str | None], None]) -> None:
    def wait(before: int, seconds: int | None) -> None:
        tell(shown.in_line(wish.sheet, seconds, wish.language))

    try:
        async with context.turns.slot(context.sharer(wish.visit), wait):
            closeup = await context.closeups.of(context, wish.endpoint, wish.photo, wish.visit)
            sheet = _with_faces(wish.sheet, closeup.face_count, wish.language)
            drawn: list[bytes | None] = []
            pictures = wish.draw(closeup)
            batch = await anyio.to_thread.run_sync(_next, pictures, 0.0)
            while batch:
                drawn += batch
                tell(shown.render(sheet, drawn))
                batch = await anyio.to_thread.run_sync(_next, pictures, BATCH_S)
    except Exception as error:
        if not isinstance(error, DemoError):
            log.error("a sheet of %s failed\n%s", wish.endpoint.id, format_stack_trace(error))
        tell(shown.told(error, wish.language))
    tell(None)


def _with_faces(sheet: Sheet, faces: int, language: str) -> Sheet:
    if faces < 2:
        return sheet
    return replace(sheet, note=f"{sheet.note} {translate('preflight.several.warn', language, count=faces)}")


def _next(pictures: Pictures, seconds: float) -> list[bytes | None]:
    """The pictures of the next `seconds`, at least one if there is one left. Blocks."""
    end, found = time.monotonic() + seconds, []
    for picture in pictures:
        found.append(picture)
        if time.monotonic() >= end:
            break
    return found
