"""The page's evaluations: one for each session, in memory, deleted when it has rested for KEEP_MINUTES.

A new evaluation of the session keeps the outcomes of the last one, so that photos that are given again are matched by
their hash and no call is paid for twice.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from .outcomes import Outcome
from .photo_set import PhotoSet
from .plan import Plan
from .runner import EvaluationRun

MAX_SESSIONS = 200


@dataclass(slots=True, eq=False)
class Evaluation:
    """One session's evaluation.

    token: in the URLs of its downloads. consents: of the last run, by vendor. pictures: tokens in the picture store, by
    "<sha256>" for a photo's thumbnail, "thumbnail <key>" and "picture <key>" for those of a result.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    photos: PhotoSet = field(default_factory=PhotoSet)
    plan: Plan | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)
    run: EvaluationRun | None = None
    task: asyncio.Task[None] | None = None
    started_at: float = 0.0  # seconds, monotonic
    touched_at: float = field(default_factory=time.monotonic)

    @property
    def is_running(self) -> bool:
        """Whether calls are being made."""
        return self.task is not None and not self.task.done()

    def stop(self) -> None:
        """Send nothing more."""
        if self.run is not None and self.is_running:
            self.run.stop()


class Evaluations:
    """Evaluations by session. Bound to one event loop."""

    def __init__(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._by_session: OrderedDict[str, Evaluation] = OrderedDict()

    def get(self, session: str) -> Evaluation | None:
        """The session's evaluation."""
        self.evict_expired()
        return self._by_session.get(session)

    def ensure(self, session: str) -> Evaluation:
        """The session's evaluation, which is created if there is none."""
        evaluation = self.get(session) or Evaluation()
        evaluation.touched_at = time.monotonic()
        self._by_session[session] = evaluation
        self._by_session.move_to_end(session)
        while len(self._by_session) > MAX_SESSIONS:
            self.evict(next(iter(self._by_session)))
        return evaluation

    def find(self, token: str) -> Evaluation | None:
        """The evaluation with that token."""
        self.evict_expired()
        return next((found for found in self._by_session.values() if found.token == token), None)

    def count(self, session: str) -> int:
        """How many outcomes the session has."""
        evaluation = self.get(session)
        return len(evaluation.outcomes) if evaluation else 0

    def evict(self, session: str) -> None:
        """Stop and forget the session's evaluation. Its pictures are in the picture store, under the same session."""
        evaluation = self._by_session.pop(session, None)
        if evaluation:
            evaluation.stop()

    def evict_expired(self) -> None:
        """Forget what has rested for too long."""
        now = time.monotonic()
        for session, evaluation in list(self._by_session.items()):
            if not evaluation.is_running and now - evaluation.touched_at > self._ttl_s:
                self.evict(session)
