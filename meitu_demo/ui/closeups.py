"""The face that a session works on, found once a photo and kept small, so that a slider's move finds it ready.

Its pixels lie among the session's pictures: bounded and expired with those, counted, and deleted with everything that
is theirs. Here are only the names by which they are found again. For one event loop.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from ..errors import DemoError, ImageRejected
from ..sheets import FaceCrop, crop_face
from ..spec import Endpoint
from .guard.doors import named_path
from .visits import Visit

if TYPE_CHECKING:
    from .context import Context

NAMES = 2000  # of sessions' photos, the latest; their pixels the store bounds itself


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found in the upload at `path`: a closeup, kept as `token`, or why there is none."""

    path: str
    token: str = ""
    refusal: DemoError | None = None


class Closeups:
    """One for each session and endpoint, of the photo that was asked for last. Nobody is given another session's."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def ready(self, context: "Context", endpoint: Endpoint, payload: object, visit: Visit) -> bool:
        """Whether `of` answers at once."""
        known = self._find(endpoint, payload, visit)
        return known is not None and (known.refusal is not None or context.pictures.get(known.token) is not None)

    async def of(self, context: "Context", endpoint: Endpoint, payload: object, visit: Visit) -> FaceCrop:
        """The face in the upload that `payload` names. Raises ImageRejected and Refusal, as `sheets.look`."""
        known = self._find(endpoint, payload, visit)
        if known and known.refusal:
            raise _fresh(known.refusal)
        if known and (data := context.pictures.get(known.token)):
            return await anyio.to_thread.run_sync(FaceCrop.unpack, data)
        source = await context.read(payload, visit)
        return await self._look(context, endpoint, source, named_path(payload), visit)

    def _find(self, endpoint: Endpoint, payload: object, visit: Visit) -> _Known | None:
        known = self._known.get((visit.session, endpoint.id))
        return known if known and known.path == named_path(payload) else None

    async def _look(self, context: "Context", endpoint: Endpoint, source: bytes, path: str, visit: Visit) -> FaceCrop:
        claim = context.pictures.put(b"", visit.session)  # gone afterwards, if everything was deleted meanwhile
        try:
            closeup = await anyio.to_thread.run_sync(crop_face, endpoint, source)
            packed = await anyio.to_thread.run_sync(closeup.pack)
        except DemoError as error:
            self._note(context, endpoint, visit, _Known(path, refusal=_fresh(error)))
            raise
        finally:
            wanted = context.pictures.pop(claim) is not None
        if not wanted:
            raise ImageRejected("photo_missing")
        self._note(context, endpoint, visit, _Known(path, context.pictures.put(packed, visit.session)))
        return closeup

    def _note(self, context: "Context", endpoint: Endpoint, visit: Visit, known: _Known) -> None:
        before = self._known.pop((visit.session, endpoint.id), None)
        if before:
            context.pictures.pop(before.token)
        self._known[visit.session, endpoint.id] = known
        while len(self._known) > NAMES:
            self._known.popitem(last=False)


def _fresh(error: DemoError) -> DemoError:
    """The same error without its traceback, which would keep the photo in memory for as long as it is held."""
    return type(error)(error.slug, **error.facts)
