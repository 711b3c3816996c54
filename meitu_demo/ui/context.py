"""`Context`: what panels, screens and API functions use: the call service and the data of all sessions."""

from dataclasses import dataclass
from pathlib import Path

from ..evaluation.sessions import Evaluations
from ..runtime.picture_store import PictureStore
from ..service import Caller, CallService
from ..settings import Settings
from .face_crop_cache import FaceCropCache
from .history.entries import History
from .security import upload_validation
from .security.session_data import SessionData


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
        pictures, history, evaluations = PictureStore(ttl_s), History(ttl_s), Evaluations(ttl_s)
        session_data = SessionData(uploads_dir, pictures, service.single_flight, history, upload_ttl_s, evaluations)
        return cls(
            service, settings, pictures, history, evaluations, uploads_dir, session_data, FaceCropCache(pictures)
        )

    async def read_upload(self, payload: object, caller: Caller) -> bytes:
        """The bytes of an upload, which is tracked for the caller's session. Raises ImageRejected."""
        return await upload_validation.read_upload(
            payload, self.uploads_dir, lambda path: self.session_data.track(caller.session_id, path)
        )
