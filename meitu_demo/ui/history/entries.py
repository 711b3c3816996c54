"""What each session has run: settings, source, time and sizes, and where the pictures lie, never the pictures.

Those are in the PictureStore, which has the bound in bytes; a run may outlive its pictures there. For one event loop.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ...errors import ValueRejected
from ...explain import Explanation, sanitize
from ...service import CallResult
from ...spec import Endpoint
from ..result.stage import Pictures

EACH = 50  # runs of one session
IN_ALL = 5000  # runs of all sessions; the oldest go first, at about 2 kB each


@dataclass(frozen=True, slots=True)
class Made:
    """A run that came to a result. outcome: without trace and without the bytes of its pictures, of which `sent_bytes`
    and `result_bytes` are the counts.
    """

    outcome: CallResult
    pictures: Pictures
    sent_bytes: int
    result_bytes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One run. made or failure: how it ended. values: checked ones; none where they were refused.

    key: by which the page names it, worth nothing outside its session. fault: of a rehearsal in the lab.
    """

    endpoint: Endpoint
    mode: str  # live, offline, lab
    values: Mapping[str, Any] = field(repr=False)  # a person may have typed anything
    at: datetime
    made: Made | None = None
    failure: Explanation | None = None
    fault: str | None = None
    key: str = field(default_factory=lambda: secrets.token_hex(8))


class _Held(NamedTuple):
    deadline: float
    session: str
    entry: Entry


class History:
    """Runs by session for `life` seconds. Sessions share nothing: each look-up names one."""

    def __init__(self, life: float, each: int = EACH, in_all: int = IN_ALL) -> None:
        self._life, self._each, self._in_all = life, each, in_all
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._tokens: dict[str, str] = {}  # to its archive, by session

    def note(self, session: str, outcome: CallResult, pictures: Pictures, fault: str | None = None) -> None:
        """A run has ended in `outcome`. One that is shown again is no other run, but the latest once more."""
        sent, result = (replace(photo, data=b"") for photo in (outcome.sent_photo, outcome.result_photo))
        request_id = sanitize(outcome.request_id) if outcome.request_id else None
        bare = replace(outcome, sent_photo=sent, result_photo=result, trace=None, request_id=request_id)
        made = Made(bare, pictures, len(outcome.sent_photo.data), len(outcome.result_photo.data))
        for before in self.runs(session):
            if before.made and before.made.outcome.id == outcome.id:
                del self._held[before.key]
        self._hold(
            session, Entry(outcome.endpoint, outcome.mode, outcome.values, outcome.created_at, made, fault=fault)
        )

    def note_failed(
        self,
        session: str,
        endpoint: Endpoint,
        mode: str,
        values: Mapping[str, Any],
        failure: Explanation,
        fault: str | None = None,
    ) -> None:
        """A run has come to nothing. values: as they were given."""
        try:
            checked = endpoint.validate(values)
        except ValueRejected:
            checked = {}
        self._hold(session, Entry(endpoint, mode, checked, datetime.now(UTC), failure=failure, fault=fault))

    def runs(self, session: str) -> tuple[Entry, ...]:
        """The session's, newest first."""
        self.sweep()
        return tuple(held.entry for held in reversed(self._held.values()) if held.session == session)

    def find(self, session: str, key: object) -> Entry | None:
        """The session's run of that key; None where there is none, or no longer."""
        self.sweep()
        held = self._held.get(key) if isinstance(key, str) else None
        return held.entry if held and held.session == session else None

    def count(self, session: str) -> int:
        """How many runs are kept for `session`."""
        return len(self.runs(session))

    def forget(self, session: str) -> None:
        """Keep nothing of `session`'s."""
        for entry in self.runs(session):
            del self._held[entry.key]
        self._tokens.pop(session, None)

    def token(self, session: str) -> str:
        """What opens the session's archive, and no other's, until its runs are gone."""
        return self._tokens.setdefault(session, secrets.token_urlsafe(24))

    def session_of(self, token: str) -> str | None:
        """Whose archive `token` opens; None for no token of ours, and for one whose runs are gone."""
        self.sweep()
        return next((session for session, own in self._tokens.items() if own == token), None)

    def sweep(self) -> None:
        """Forget what has been kept for long enough, or for which there is no room."""
        now = time.monotonic()
        while self._held and (next(iter(self._held.values())).deadline <= now or len(self._held) > self._in_all):
            self._held.popitem(last=False)
        if len(self._tokens):
            living = {held.session for held in self._held.values()}
            self._tokens = {session: token for session, token in self._tokens.items() if session in living}

    def _hold(self, session: str, entry: Entry) -> None:
        if entry.fault:
            entry = replace(entry, fault=sanitize(entry.fault, 64))
        self._held[entry.key] = _Held(time.monotonic() + self._life, session, entry)
        for surplus in self.runs(session)[self._each :]:
            del self._held[surplus.key]
