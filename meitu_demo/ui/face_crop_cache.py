"""The face that a session works on, found once a photo and kept small, so that a slider's move finds it ready.

Its pixels lie among the session's pictures: bounded and expired with those, counted, and deleted with everything that
is theirs. Here are only the names by which they are found again. For one event loop.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from ..domain.errors import DemoError, ImageRejected
from ..domain.model import Endpoint
from ..engine.contact_sheets import FaceCrop, crop_face
from .caller import Caller
from .security.upload_validation import get_payload_path

if TYPE_CHECKING:
    from .context import Context

MAX_CACHED_CROPS = 2000  # of sessions' photos, the latest; their pixels the store bounds itself


@dataclass(frozen=True, slots=True)
class _CacheEntry:
    """What was found in the upload at `path`: a closeup, kept as `token`, or why there is none."""

    path: str
    token: str = ""
    rejection: DemoError | None = None


class FaceCropCache:
    """One for each session and endpoint, of the photo that was asked for last. Nobody is given another session's."""

    def __init__(self) -> None:
        self._entries: OrderedDict[tuple[str, str], _CacheEntry] = OrderedDict()

    def is_cached(self, context: "Context", endpoint: Endpoint, payload: object, caller: Caller) -> bool:
        """Whether `of` answers at once."""
        entry = self._find_entry(endpoint, payload, caller)
        return entry is not None and (entry.rejection is not None or context.pictures.get(entry.token) is not None)

    async def get_or_crop(self, context: "Context", endpoint: Endpoint, payload: object, caller: Caller) -> FaceCrop:
        """The face in the upload that `payload` names. Raises ImageRejected and Refusal, as `sheets.look`."""
        entry = self._find_entry(endpoint, payload, caller)
        if entry and entry.rejection:
            raise _copy_without_traceback(entry.rejection)
        if entry and (data := context.pictures.get(entry.token)):
            return await anyio.to_thread.run_sync(FaceCrop.unpack, data)
        source = await context.read_upload(payload, caller)
        return await self._crop_and_store(context, endpoint, source, get_payload_path(payload), caller)

    def _find_entry(self, endpoint: Endpoint, payload: object, caller: Caller) -> _CacheEntry | None:
        entry = self._entries.get((caller.session_id, endpoint.id))
        return entry if entry and entry.path == get_payload_path(payload) else None

    async def _crop_and_store(
        self, context: "Context", endpoint: Endpoint, source: bytes, path: str, caller: Caller
    ) -> FaceCrop:
        placeholder_token = context.pictures.put(
            b"", caller.session_id
        )  # gone afterwards, if everything was deleted meanwhile
        try:
            new_crop = await anyio.to_thread.run_sync(crop_face, endpoint, source)
            packed = await anyio.to_thread.run_sync(new_crop.pack)
        except DemoError as error:
            self._store_entry(context, endpoint, caller, _CacheEntry(path, rejection=_copy_without_traceback(error)))
            raise
        finally:
            is_still_wanted = context.pictures.pop(placeholder_token) is not None
        if not is_still_wanted:
            raise ImageRejected("photo_missing")
        self._store_entry(context, endpoint, caller, _CacheEntry(path, context.pictures.put(packed, caller.session_id)))
        return new_crop

    def _store_entry(self, context: "Context", endpoint: Endpoint, caller: Caller, entry: _CacheEntry) -> None:
        previous = self._entries.pop((caller.session_id, endpoint.id), None)
        if previous:
            context.pictures.pop(previous.token)
        self._entries[caller.session_id, endpoint.id] = entry
        while len(self._entries) > MAX_CACHED_CROPS:
            self._entries.popitem(last=False)


def _copy_without_traceback(error: DemoError) -> DemoError:
    """The same error without its traceback, which would keep the photo in memory for as long as it is held."""
    return type(error)(error.slug, **error.facts)
