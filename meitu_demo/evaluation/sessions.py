"""The page's evaluations: one for each session, deleted when it has rested for KEEP_MINUTES.

Outcomes are also written to a journal on disk. So photos that are given again, after a reload, for another plan or to a
server that was restarted, are known by their hash, and no call is paid for twice.
"""

import asyncio
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import anyio

from ..domain.errors import DemoError, JournalUnusable
from ..settings import Price
from .journal import Journal, is_locked
from .outcomes import Outcome
from .photo_set import PhotoSet
from .plan import Plan
from .runner import EvaluationRun

log = logging.getLogger(__name__)
MAX_SESSIONS = 200  # in memory


@dataclass(slots=True, eq=False)
class Evaluation:
    """One session's evaluation.

    token: in the URLs of its downloads. consents: of the last run, by vendor. pictures: tokens in the picture store, by
    "<sha256>" for a photo's thumbnail, "thumbnail <key>" and "picture <key>" for those of a result. failure: what ended
    the last run. form: the values of the page's form at its last event.
    """

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    photos: PhotoSet = field(default_factory=PhotoSet)
    plan: Plan | None = None
    pictures: dict[str, str] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)
    journal: Journal | None = None
    run: EvaluationRun | None = None
    task: asyncio.Task[None] | None = None
    failure: DemoError | None = None
    form: tuple[Any, ...] = ()
    start_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    started_at: float = 0.0  # seconds, monotonic
    touched_at: float = field(default_factory=time.monotonic)

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Of all calls so far, by `Job.key`."""
        return self.journal.outcomes if self.journal else {}

    @property
    def is_running(self) -> bool:
        """Whether calls are being made."""
        return self.task is not None and not self.task.done()

    def stop(self) -> None:
        """Send nothing more."""
        if self.run is not None and self.is_running:
            self.run.stop()


class Evaluations:
    """Evaluations by session. Bound to one event loop. folder: of the journals, which is created with the first one."""

    def __init__(self, ttl_s: float, folder: Path, prices: Mapping[str, Price]) -> None:
        self._ttl_s, self._folder, self._prices = ttl_s, folder, prices
        self._by_session: OrderedDict[str, Evaluation] = OrderedDict()
        self._opening = asyncio.Lock()

    def get(self, session: str) -> Evaluation | None:
        """The session's evaluation, if it is in memory."""
        evaluation = self._by_session.get(session)
        return None if evaluation is None or self._is_expired(evaluation) else evaluation

    async def open(self, session: str) -> Evaluation:
        """The session's evaluation: the one in memory, else the one that the journal remembers, else a new one.

        Raises JournalUnusable.
        """
        async with self._opening:
            evaluation = self.get(session)
            if evaluation is None:
                if session in self._by_session:
                    await self.delete(session)
                evaluation = await anyio.to_thread.run_sync(self._restore, session)
            evaluation.touched_at = time.monotonic()
            self._by_session[session] = evaluation
            self._by_session.move_to_end(session)
            while len(self._by_session) > MAX_SESSIONS:
                self._release(self._choose_evictable())
        return evaluation

    async def write_plan(self, session: str, evaluation: Evaluation) -> Journal:
        """Write the plan and its consents to the session's journal, which is created. Raises JournalUnusable."""
        try:
            return await anyio.to_thread.run_sync(self._write_plan, session, evaluation)
        except OSError:
            raise JournalUnusable from None

    def find(self, token: str) -> Evaluation | None:
        """The evaluation with that token."""
        return next(
            (one for one in self._by_session.values() if one.token == token and not self._is_expired(one)), None
        )

    def count(self, session: str) -> int:
        """How many outcomes the session has in memory."""
        evaluation = self.get(session)
        return len(evaluation.outcomes) if evaluation else 0

    async def delete(self, session: str) -> None:
        """Stop and forget the session's evaluation. Its pictures are in the picture store, under the same session."""
        self._release(session)
        try:
            await anyio.to_thread.run_sync(lambda: self._get_path(session).unlink(missing_ok=True))
        except OSError as error:
            log.error("a journal of an evaluation could not be deleted: %s", error.strerror)

    def close(self) -> None:
        """Stop all evaluations and unlock their journals, which stay: for the next process."""
        for session in list(self._by_session):
            self._release(session)

    async def delete_expired(self) -> None:
        """Forget what has rested for too long, also the journals of an earlier process."""
        for session, evaluation in list(self._by_session.items()):
            if self._is_expired(evaluation):
                await self.delete(session)
        await anyio.to_thread.run_sync(self._delete_expired_journals)

    def _is_expired(self, evaluation: Evaluation) -> bool:
        return not evaluation.is_running and time.monotonic() - evaluation.touched_at > self._ttl_s

    def _choose_evictable(self) -> str:
        """A session, but not the newest: one without photos and plan if possible, else one without a run; the oldest.

        Anybody can open sessions, in any number; that must not stop the runs of others.
        """
        *older, _ = self._by_session.items()
        return min(older, key=lambda item: (item[1].is_running, bool(item[1].plan or item[1].photos.photos)))[0]

    def _release(self, session: str) -> None:
        """Stop the session's evaluation and take it out of memory; its journal is closed when its calls have ended."""
        evaluation = self._by_session.pop(session, None)
        journal = evaluation.journal if evaluation else None
        if evaluation is None or journal is None:
            return
        evaluation.stop()
        if evaluation.task and not evaluation.task.done():
            evaluation.task.add_done_callback(lambda _: journal.close())
        else:
            journal.close()

    def _get_path(self, session: str) -> Path:
        return self._folder / f"{sha256(session.encode()).hexdigest()}.jsonl"

    def _restore(self, session: str) -> Evaluation:
        path = self._get_path(session)
        if not path.exists():
            return Evaluation()
        try:
            journal = Journal(path)
        except OSError:
            raise JournalUnusable("journal_unreadable") from None
        row = journal.plan or {}
        plan = Plan.from_json(row["plan"], self._prices) if row else None
        return Evaluation(plan=plan, consents=row.get("consents", {}), journal=journal)

    def _write_plan(self, session: str, evaluation: Evaluation) -> Journal:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        evaluation.journal = journal = evaluation.journal or Journal(self._get_path(session))
        if evaluation.plan:
            journal.write_plan({"plan": evaluation.plan.as_json(), "consents": dict(evaluation.consents)})
        return journal

    def _delete_expired_journals(self) -> None:
        """Blocks. Journals that are open here or in another process are locked, and are left."""
        for path in self._folder.glob("*.jsonl"):
            with suppress(OSError):
                if abs(time.time() - path.stat().st_mtime) > self._ttl_s and not is_locked(path):
                    path.unlink()
