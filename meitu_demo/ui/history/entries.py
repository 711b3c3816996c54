"""The runs of each session: settings, source, time, sizes and the URLs of the pictures, without the pictures.

Those are in the PictureStore, which limits their bytes, so a run may outlive its pictures. Bound to one event loop.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ...calls.pipeline import CallResult
from ...calls.single_flight import FORCE_NONE
from ...domain.errors import ValueRejected
from ...domain.explanations import Explanation
from ...domain.model import Endpoint
from ...redaction.text import sanitize
from ..result.pictures import PictureUrls

MAX_RUNS_PER_SESSION = 50
MAX_RUNS = 5000  # of all sessions, at about 2 kB each


@dataclass(frozen=True, slots=True)
class Success:
    """The result of a run. result: without trace and picture bytes. sent_bytes, result_bytes: the pictures' sizes."""

    result: CallResult
    pictures: PictureUrls
    sent_bytes: int
    result_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One run, with success or failure. values: validated; empty if they were rejected.

    key: its id on the page, which is valid only in its session. fault: the failure lab's; None outside the lab.
    """

    endpoint: Endpoint
    mode: str  # live, offline, lab
    values: Mapping[str, Any] = field(repr=False)  # a person may have typed anything
    created_at: datetime
    success: Success | None = None
    failure: Explanation | None = None
    fault: str | None = None
    service: str = ""  # `CallTarget.service`
    refetch_id: int = FORCE_NONE  # of the call whose picture can be downloaded again
    key: str = field(default_factory=lambda: secrets.token_hex(8))


class _StoredEntry(NamedTuple):
    deadline: float
    session: str
    entry: Entry


class History:
    """Stores the runs of each session for `ttl_s` seconds. Sessions share nothing."""

    def __init__(self, ttl_s: float, max_per_session: int = MAX_RUNS_PER_SESSION, max_total: int = MAX_RUNS) -> None:
        self._ttl_s, self._max_per_session, self._max_total = ttl_s, max_per_session, max_total
        self._entries: OrderedDict[str, _StoredEntry] = OrderedDict()
        self._archive_tokens: dict[str, str] = {}  # by session

    def record_success(
        self,
        session: str,
        call_result: CallResult,
        pictures: PictureUrls,
        fault: str | None = None,
        *,
        call_id: int = FORCE_NONE,
    ) -> None:
        """Record a run that ended with `call_result`.

        It replaces the earlier run with that result, or the failed one of the call `call_id`.
        """
        sent_photo, result_photo = (
            replace(photo, data=b"") for photo in (call_result.sent_photo, call_result.result_photo)
        )
        request_id = sanitize(call_result.request_id) if call_result.request_id else None
        stripped_result = replace(
            call_result, sent_photo=sent_photo, result_photo=result_photo, trace=None, request_id=request_id
        )
        success = Success(
            stripped_result, pictures, len(call_result.sent_photo.data), len(call_result.result_photo.data)
        )
        for previous in self.list_runs(session):
            is_same_result = previous.success is not None and previous.success.result.id == call_result.id
            if is_same_result or (call_id != FORCE_NONE and previous.refetch_id == call_id):
                del self._entries[previous.key]
        self._store(
            session,
            Entry(
                call_result.endpoint,
                call_result.mode,
                call_result.values,
                call_result.created_at,
                success,
                fault=fault,
                service=call_result.service,
            ),
        )

    def record_failure(
        self,
        session: str,
        endpoint: Endpoint,
        mode: str,
        values: Mapping[str, Any],
        failure: Explanation,
        fault: str | None = None,
        *,
        service: str = "",
        refetch_id: int = FORCE_NONE,
    ) -> None:
        """Record a run that failed. values: unchecked. refetch_id: of a call whose picture can be downloaded again."""
        try:
            checked = endpoint.validate(values)
        except ValueRejected:
            checked = {}
        entry = Entry(
            endpoint, mode, checked, datetime.now(UTC), None, failure, fault, service=service, refetch_id=refetch_id
        )
        self._store(session, entry)

    def list_runs(self, session: str) -> tuple[Entry, ...]:
        """The session's runs, newest first."""
        self.evict_expired()
        return tuple(stored.entry for stored in reversed(self._entries.values()) if stored.session == session)

    def find(self, session: str, key: object) -> Entry | None:
        """The session's run with that key; None if there is none or it has expired."""
        self.evict_expired()
        stored = self._entries.get(key) if isinstance(key, str) else None
        return stored.entry if stored and stored.session == session else None

    def count(self, session: str) -> int:
        """The number of runs stored for the session."""
        return len(self.list_runs(session))

    def evict(self, session: str) -> None:
        """Delete the session's runs and its archive token."""
        for entry in self.list_runs(session):
            del self._entries[entry.key]
        self._archive_tokens.pop(session, None)

    def ensure_archive_token(self, session: str) -> str:
        """The token in the URL of the session's archive; created at first use, valid until the last run is deleted."""
        return self._archive_tokens.setdefault(session, secrets.token_urlsafe(24))

    def find_session(self, token: str) -> str | None:
        """The session of an archive token; None for an unknown token and after the session's runs were deleted."""
        self.evict_expired()
        return next(
            (session for session, archive_token in self._archive_tokens.items() if archive_token == token), None
        )

    def evict_expired(self) -> None:
        """Delete expired runs, and the archive tokens of sessions without runs."""
        now = time.monotonic()
        while self._entries and next(iter(self._entries.values())).deadline <= now:
            self._entries.popitem(last=False)
        active_sessions = {stored.session for stored in self._entries.values()}
        self._archive_tokens = {
            session: token for session, token in self._archive_tokens.items() if session in active_sessions
        }

    def _choose_surplus(self) -> str:
        """The oldest failure that has no picture to download, of which anybody can have any number; else the oldest."""
        failures = (
            key
            for key, stored in self._entries.items()
            if stored.entry.failure and stored.entry.refetch_id == FORCE_NONE
        )
        return next(failures, next(iter(self._entries)))

    def _store(self, session: str, entry: Entry) -> None:
        if entry.fault is not None:  # a run of the lab on the offline engine is one without a fault
            entry = replace(entry, fault=sanitize(entry.fault, 64) if entry.mode == "lab" else None)
        self._entries[entry.key] = _StoredEntry(time.monotonic() + self._ttl_s, session, entry)
        for surplus in self.list_runs(session)[self._max_per_session :]:
            del self._entries[surplus.key]
        if len(self._entries) > self._max_total:
            del self._entries[self._choose_surplus()]
