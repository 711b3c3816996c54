"""Writes live calls as recordings, and deletes those of a session. Bound to one event loop.

A recording never costs a call its result: whatever goes wrong with it ends as one line in the log.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakSet

import anyio
import httpx

from ..calls.targets import RECORDED_URL
from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError, VendorError
from ..domain.model import CallTarget, Endpoint, PreparedCall, ResultLink
from ..runtime import cpu_slots
from ..vendors import VENDORS
from .answer import contains_secret, read_answer, strip_answer, strip_values
from .recording import Recording
from .replay import PICTURE_PATH
from .store import RecordingStore

log = logging.getLogger(__name__)


class _NotRecordable(Exception):
    """Why an answer is not recorded."""


class Recorder:
    """Records the calls of all sessions in `store`.

    Which session recorded what is known in memory only: after a restart, a recording belongs to the owner alone.
    """

    def __init__(self, store: RecordingStore) -> None:
        self.store = store
        self._sessions_by_key: dict[str, str] = {}
        self._open_calls: WeakSet[CallRecorder] = WeakSet()

    async def compute_key(self, endpoint: Endpoint, values: Mapping[str, Any], photo: bytes) -> str | None:
        """`RecordingStore.compute_key` in a worker thread; None, and a line in the log, if that fails."""
        try:
            return await cpu_slots.run_in_worker(self.store.compute_key, endpoint, values, photo)
        except (OSError, ValueError, DemoError) as error:
            log.warning("a call has no recording: %s", getattr(error, "strerror", None) or type(error).__name__)
            return None

    def open(self, session_id: str, key: str, target: CallTarget, prepared: PreparedCall) -> "CallRecorder":
        """A recorder for one call of the session. key: from `RecordingStore.compute_key`."""
        call = CallRecorder(self, session_id, key, target, prepared)
        self._open_calls.add(call)
        return call

    def claim(self, session_id: str, key: str) -> None:
        """Note that the session made the recording."""
        self._sessions_by_key[key] = session_id

    def count(self, session_id: str) -> int:
        """How many recordings of the session there are."""
        return len(self._list_keys(session_id))

    async def delete(self, session_id: str) -> None:
        """Delete the session's recordings; calls that are still in flight will not be recorded.

        One that cannot be deleted is logged, and still counted.
        """
        for call in self._open_calls:
            if call.session_id == session_id:
                call.cancel()
        for key in self._list_keys(session_id):
            await self.delete_one(key)

    async def delete_one(self, key: str) -> None:
        """Delete one recording."""
        try:
            await anyio.to_thread.run_sync(self.store.delete, key)
            self._sessions_by_key.pop(key, None)
        except OSError as error:
            log.error("a recording could not be deleted: %s", error.strerror)

    def _list_keys(self, session_id: str) -> list[str]:
        return [key for key, owner in self._sessions_by_key.items() if owner == session_id]


class CallRecorder:
    """Records one call to `target`: takes its last answer, and writes it when the call has ended."""

    def __init__(
        self, recorder: Recorder, session_id: str, key: str, target: CallTarget, prepared: PreparedCall
    ) -> None:
        self._recorder = recorder
        self.session_id = session_id
        self._key = key
        self._target = target
        self._prepared = prepared
        self._response: httpx.Response | None = None
        self._is_cancelled = False

    def take_response(self, response: httpx.Response) -> None:
        """Keep a complete answer until `save`; a later one takes its place."""
        self._response = response

    def cancel(self) -> None:
        """Do not record the call."""
        self._is_cancelled = True
        self._response = None

    async def save(self, elapsed_s: float, outcome: bytes | DemoError) -> bool:
        """Write the recording and return whether it was written. Never raises, except when it is cancelled.

        elapsed_s: how long the call took. outcome: the picture, or the error that the call ended in. Of the errors,
        only refusals are recorded: they would come again, while a vendor that is overloaded today is not tomorrow.
        """
        response, self._response = self._response, None
        is_recordable = isinstance(outcome, bytes) or (
            isinstance(outcome, VendorError) and classify_billing(outcome) is Billing.REFUSED
        )
        if response is None or self._is_cancelled or not is_recordable:
            return False
        try:
            picture = outcome if isinstance(outcome, bytes) else b""
            is_saved = await anyio.to_thread.run_sync(self._write, response, elapsed_s, picture)
        except _NotRecordable as reason:
            log.warning("a call was not recorded: %s", reason)
            return False
        except Exception as error:
            log.warning("a call was not recorded: %s", getattr(error, "strerror", None) or type(error).__name__)
            return False
        return is_saved and await self._hand_over()

    async def _hand_over(self) -> bool:
        """Count the recording as the session's, or delete it if the session was deleted while it was written."""
        self._recorder.claim(self.session_id, self._key)
        if self._is_cancelled:
            await self._recorder.delete_one(self._key)
        return not self._is_cancelled

    def _write(self, response: httpx.Response, elapsed_s: float, picture: bytes) -> bool:
        store = self._recorder.store
        recording = self._build_recording(response, elapsed_s, picture)
        if not recording.has_picture:  # a refusal, such as for want of credit, must not replace a result
            earlier = store.find(self._key)
            if earlier is not None and earlier.has_picture:
                return False
        store.save(recording)
        return True

    def _build_recording(self, response: httpx.Response, elapsed_s: float, picture: bytes) -> Recording:
        target, prepared = self._target, self._prepared
        link = _find_link(target.vendor_id, response) if picture else ""
        stripped = strip_answer(response, target, link, f"{RECORDED_URL}/{PICTURE_PATH}/{self._key}")
        original, reading = (read_answer(target.vendor_id, answer) for answer in (response, stripped))
        same = ("outcome", "slug", "code") if link or not picture else ("outcome", "sha256")
        if any(original.get(name) != reading.get(name) for name in same):
            raise _NotRecordable("without its keys and links the answer reads differently")
        if contains_secret(picture):
            raise _NotRecordable("its picture holds a key")
        return Recording(
            key=self._key,
            endpoint_id=prepared.endpoint.id,
            vendor_id=target.vendor_id,
            service=target.service,
            values=strip_values(prepared.values),
            recorded_at=datetime.now(UTC),
            elapsed_s=elapsed_s,
            status=stripped.status_code,
            headers=dict(stripped.headers),
            body=stripped.content,
            picture=picture if link else b"",
            reading=reading,
        )


def _find_link(vendor_id: str, response: httpx.Response) -> str:
    media = VENDORS[vendor_id].parse(response).media
    return media.url if isinstance(media, ResultLink) else ""
