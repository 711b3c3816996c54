"""Caches the crop of the face in a session's current photo, so that moving a slider does not detect it again.

The pixels are in the picture store, which limits, expires, counts and deletes them with the session's pictures. This
cache has only their tokens. Bound to one event loop.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

from ..domain.errors import DemoError, ImageRejected
from ..domain.model import Endpoint
from ..engine.contact_sheets import FaceCrop, crop_face
from ..runtime.picture_store import PictureStore
from ..service import Caller
from .security.upload_validation import get_payload_path

MAX_CACHED_CROPS = 2000

ReadUpload = Callable[[object, Caller], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class _CacheEntry:
    """For the upload at `path`: the token of its packed crop, or the error that cropping ended in."""

    path: str
    token: str = ""
    rejection: DemoError | None = None


class FaceCropCache:
    """One crop for each session and endpoint, of the latest photo; never shared between sessions."""

    def __init__(self, pictures: PictureStore) -> None:
        self._pictures = pictures
        self._entries: OrderedDict[tuple[str, str], _CacheEntry] = OrderedDict()

    def is_cached(self, endpoint: Endpoint, payload: object, caller: Caller) -> bool:
        """Whether `get_or_crop` answers without searching for a face."""
        entry = self._find_entry(endpoint, payload, caller)
        return entry is not None and (entry.rejection is not None or self._pictures.get(entry.token) is not None)

    async def get_or_crop(
        self, endpoint: Endpoint, payload: object, caller: Caller, read_upload: ReadUpload
    ) -> FaceCrop:
        """The face in the upload that `payload` names. Raises ImageRejected and EngineRejection, as `crop_face`."""
        entry = self._find_entry(endpoint, payload, caller)
        if entry and entry.rejection:
            raise entry.rejection.without_traceback()
        if entry and (data := self._pictures.get(entry.token)):
            return await anyio.to_thread.run_sync(FaceCrop.unpack, data)
        source = await read_upload(payload, caller)
        return await self._crop_and_store(endpoint, source, get_payload_path(payload), caller)

    def _find_entry(self, endpoint: Endpoint, payload: object, caller: Caller) -> _CacheEntry | None:
        entry = self._entries.get((caller.session_id, endpoint.id))
        return entry if entry and entry.path == get_payload_path(payload) else None

    async def _crop_and_store(self, endpoint: Endpoint, source: bytes, path: str, caller: Caller) -> FaceCrop:
        placeholder_token = self._pictures.put(b"", caller.session_id)  # disappears if the session is deleted meanwhile
        try:
            face_crop = await anyio.to_thread.run_sync(crop_face, endpoint, source)
            packed = await anyio.to_thread.run_sync(face_crop.pack)
        except DemoError as error:
            self._store_entry(endpoint, caller, _CacheEntry(path, rejection=error.without_traceback()))
            raise
        finally:
            is_session_alive = self._pictures.pop(placeholder_token) is not None
        if not is_session_alive:
            raise ImageRejected("photo_missing")
        self._store_entry(endpoint, caller, _CacheEntry(path, self._pictures.put(packed, caller.session_id)))
        return face_crop

    def _store_entry(self, endpoint: Endpoint, caller: Caller, entry: _CacheEntry) -> None:
        previous = self._entries.pop((caller.session_id, endpoint.id), None)
        if previous:
            self._pictures.pop(previous.token)
        self._entries[caller.session_id, endpoint.id] = entry
        while len(self._entries) > MAX_CACHED_CROPS:
            self._entries.popitem(last=False)
