"""`Context`: what panels, screens and API functions use: the call service and the data of all sessions."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import anyio

from ..evaluation.sessions import Evaluations
from ..runtime.client_address import resolve_client_address
from ..runtime.picture_store import PictureStore
from ..service import Caller, CallService
from ..settings import Settings
from .face_crop_cache import FaceCropCache
from .gradio_patches import uploads
from .history.entries import History
from .security import upload_validation
from .security.session_data import SessionData
from .security.upload_quota import Upload


@dataclass(frozen=True, slots=True)
class Context:
    """The service, and the pictures, uploads, runs, evaluations and face crops of all sessions."""

    service: CallService
    settings: Settings
    pictures: PictureStore
    history: History
    evaluations: Evaluations
    uploads_dir: Path
    session_data: SessionData
    face_crops: FaceCropCache

    @classmethod
    def create(cls, service: CallService, settings: Settings, uploads_dir: Path, upload_ttl_s: float) -> "Context":
        """A context with empty stores. Data expires after `settings.keep_minutes`, uploads after `upload_ttl_s`."""
        ttl_s = settings.keep_minutes * 60.0
        pictures, history = PictureStore(ttl_s), History(ttl_s)
        evaluations = Evaluations(upload_ttl_s, Path(settings.data_dir) / "evaluations", service.prices)
        session_data = SessionData(
            uploads_dir, pictures, service.single_flight, history, evaluations, upload_ttl_s, service.recorder
        )
        return cls(
            service, settings, pictures, history, evaluations, uploads_dir, session_data, FaceCropCache(pictures)
        )

    def count_pictures_by_address(self, caller: Caller) -> None:
        """Count the pictures that the caller's session stores from now on as those of its address."""
        self.pictures.set_address(caller.session_id, self._resolve_address(caller))

    async def read_upload(self, payload: object, caller: Caller) -> bytes:
        """The bytes of an upload, which is tracked for the caller's session. Raises ImageRejected."""
        self.count_pictures_by_address(caller)
        return await upload_validation.read_upload(
            payload, self.uploads_dir, lambda path: self.session_data.track(caller.session_id, path)
        )

    def reserve_upload(self, caller: Caller, size_bytes: int) -> AbstractAsyncContextManager[Upload]:
        """Room for a file of about `size_bytes` among the uploads. Raises VisitorUploadsFull, UploadsFull on entry."""
        return self.session_data.upload_quota.hold(self._resolve_address(caller), size_bytes)

    def _resolve_address(self, caller: Caller) -> str:
        return resolve_client_address(caller.peer_address, caller.forwarded_for, self.settings.trusted_proxies)

    async def write_upload(
        self, caller: Caller, name: str, data: bytes, extra_files: Mapping[str, bytes] = MappingProxyType({})
    ) -> str:
        """Write a file as an upload of the caller's session, in a folder of its own; returns its path.

        extra_files: further files for the same folder, by name. Raises VisitorUploadsFull, UploadsFull or StorageFull.
        """
        size_bytes = len(data) + sum(map(len, extra_files.values()))
        async with self.reserve_upload(caller, size_bytes) as upload:
            return await self.write_reserved_upload(caller, upload, name, data, extra_files)

    async def write_reserved_upload(
        self,
        caller: Caller,
        upload: Upload,
        name: str,
        data: bytes,
        extra_files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> str:
        """Do as `write_upload`, in room that `reserve_upload` gave. Raises StorageFull."""
        files = {name: data, **extra_files}
        path = uploads.draw_upload_folder(self.uploads_dir) / name
        # Before it is written: if the event is cancelled, the thread still writes.
        upload.folders.add(path.parent)
        upload.size_bytes = sum(map(len, files.values()))
        self.session_data.track(caller.session_id, path)
        await anyio.to_thread.run_sync(uploads.write_files, path.parent, files)
        return str(path)
