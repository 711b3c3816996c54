"""One call in a task of its own, so that whoever waits for it may leave. `single_flight` hands out these calls."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ..domain.billing import may_be_billed
from ..domain.errors import DemoError
from ..domain.model import CallTarget, ResultLink
from .pipeline import CallResult, Phase, ProgressCallback, VendorReply

SendCall = Callable[[ProgressCallback], Awaitable[VendorReply]]
FetchResult = Callable[[VendorReply, ProgressCallback], Awaitable[CallResult]]
Progress = tuple[Phase, float]


@dataclass(frozen=True, slots=True)
class CallSpec:
    """A call that can be started.

    send, fetch_result: its two steps, of which the second may be repeated. run_id: in the run log. photo_bytes: size of
    the sent photo, which the steps keep in memory.
    """

    send: SendCall
    fetch_result: FetchResult
    target: CallTarget
    run_id: str = ""
    photo_bytes: int = 0


class InFlightCall:
    """One call in its own task.

    running: a set that keeps it referenced while it runs, because an event loop keeps only weak references to tasks.
    previous: the call that this one repeats; it is reused if this one fails without cost.
    """

    def __init__(
        self,
        call_id: int,
        spec: CallSpec,
        running: "set[InFlightCall]",
        *,
        is_free: bool,
        previous: "InFlightCall | None" = None,
    ) -> None:
        self.id = call_id  # to pass as `force`, to repeat the call
        self.spec = spec
        self.is_free = is_free
        self.started_at = datetime.now(UTC)
        self.is_sent = False  # whether sending has begun
        self.is_cancelled = False
        self.watchers: set[asyncio.Queue[Progress | None]] = set()
        self.last_progress: Progress = (Phase.PREPARE, 0.0)
        self._running = running
        self._previous = previous
        self._reply: VendorReply | None = None
        self.task = self._start_task()

    @property
    def is_done(self) -> bool:
        """Whether it has ended, with a result or an error."""
        return self.task.done()

    @property
    def is_reusable(self) -> bool:
        """Whether it is in flight, succeeded, or may have been billed."""
        if self.is_cancelled or (self.is_done and self.task.cancelled()):
            return False
        error = self.task.exception() if self.is_done else None
        return error is None or self._reply is not None or (isinstance(error, DemoError) and may_be_billed(error))

    def find_reusable(self) -> "InFlightCall | None":
        """The call that a repeated click joins: this one, else the previous one."""
        if self.is_reusable:
            return self
        return self._previous.find_reusable() if self._previous else None

    @property
    def can_refetch(self) -> bool:
        """Whether the vendor replied with a link and only the download failed: fetching again is free."""
        has_failed = self.is_done and not self.task.cancelled() and self.task.exception() is not None
        return has_failed and self._reply is not None and isinstance(self._reply.response.media, ResultLink)

    def refetch_result(self) -> None:
        """Fetch the result again, free of charge, if that can help."""
        if self.can_refetch:
            self.task = self._start_task()

    def find_call(self, call_id: int) -> "InFlightCall | None":
        """This call or one that it repeats, by its id."""
        if self.id == call_id:
            return self
        return self._previous.find_call(call_id) if self._previous else None

    def count_bytes(self) -> int:
        """Size of the pictures in memory: the sent photo, the result if there is one, and those of `previous`."""
        count = self.spec.photo_bytes + (self._previous.count_bytes() if self._previous else 0)
        if self.is_done and not self.task.cancelled() and self.task.exception() is None:
            count += len(self.task.result().result_photo.data)
        return count

    def cancel(self) -> None:
        """Cancel the task, once: a second cancellation would interrupt it while it records its end."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self.task.cancel()

    def _start_task(self) -> asyncio.Task[CallResult]:
        task = asyncio.create_task(self._send_and_fetch())
        self._running.add(self)
        task.add_done_callback(self._finish)
        return task

    async def _send_and_fetch(self) -> CallResult:
        if self._reply is None:
            self._reply = await self.spec.send(self._on_progress)
        return await self.spec.fetch_result(self._reply, self._on_progress)

    def _on_progress(self, phase: Phase, seconds: float) -> None:
        self.is_sent |= phase is Phase.SEND
        self.last_progress = (phase, seconds)
        self._notify_watchers(self.last_progress)

    def _finish(self, task: asyncio.Task[CallResult]) -> None:
        if task is not self.task:  # the result is being fetched again since before this callback ran
            return
        self._running.discard(self)
        if not task.cancelled():
            task.exception()  # retrieved, so that asyncio does not log it as never retrieved
        if self.is_reusable:
            self._previous = None
        self._notify_watchers(None)

    def _notify_watchers(self, progress: Progress | None) -> None:
        for watcher in self.watchers:
            watcher.put_nowait(progress)
