"""A call that runs by itself: in a task of its own, so that whoever waits for it may come and go.

For `desk` alone, which decides who gets which. Imports `service` and `billing`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from .domain.billing import may_be_billed
from .domain.errors import DemoError
from .service import CallResult, Phase, ProgressCallback, VendorReply

SendCall = Callable[[ProgressCallback], Awaitable[VendorReply]]
FetchResult = Callable[[VendorReply, ProgressCallback], Awaitable[CallResult]]
Progress = tuple[Phase, float]


class InFlightCall:
    """One call, made by a task of its own: whoever waits for it may leave without ending it.

    free: it costs nothing. running: where it is noted while it runs, because a loop holds its tasks weakly.
    before: the call that this one was to make once more; it is there again if this one comes to nothing.
    run: the id under which the log has it.
    """

    def __init__(
        self,
        call_id: int,
        send: SendCall,
        fetch_result: FetchResult,
        running: "set[InFlightCall]",
        *,
        is_free: bool,
        previous: "InFlightCall | None" = None,
        run_id: str = "",
    ) -> None:
        self.call_id = call_id
        self.is_free = is_free
        self.run_id = run_id
        self.started_at = datetime.now(UTC)
        self.is_sent = False  # whether a byte may have left
        self.is_cancelled = False
        self.watchers: set[asyncio.Queue[Progress | None]] = set()
        self.last_progress: Progress = (Phase.PREPARE, 0.0)
        self._running = running
        self._previous = previous.find_reusable() if previous else None
        self._send = send
        self._fetch_result = fetch_result
        self._reply: VendorReply | None = None
        self.task = self._start_task()

    @property
    def is_done(self) -> bool:
        """Whether there is a result, or it failed."""
        return self.task.done()

    def find_reusable(self) -> "InFlightCall | None":
        """What a repeated click gets: this call, or the one before it, if they came to anything."""
        if self._ensure_reusable():
            if self.is_done:  # one that is under way may still come to nothing
                self._previous = None
            return self
        return self._previous.find_reusable() if self._previous else None

    def _ensure_reusable(self) -> bool:
        """Whether it is under way, was paid for or may have been. A picture that is missing is fetched anew, free."""
        if self.is_cancelled or (self.is_done and self.task.cancelled()):
            return False
        if not self.is_done:
            return True
        error = self.task.exception()
        if error is None:
            return True
        if self._reply is not None:  # paid for, and only the picture is missing: fetching it costs nothing
            self.task = self._start_task()
            return True
        return isinstance(error, DemoError) and may_be_billed(error)

    def count_bytes(self) -> int:
        """Bytes of pictures held."""
        if not self.is_done or self.task.cancelled() or self.task.exception() is not None:
            return 0
        result = self.task.result()
        return len(result.sent_photo.data) + len(result.result_photo.data)

    def _start_task(self) -> asyncio.Task[CallResult]:
        task = asyncio.create_task(self._send_and_fetch())
        self._running.add(self)
        task.add_done_callback(self._notify_watchers)
        return task

    async def _send_and_fetch(self) -> CallResult:
        if self._reply is None:
            self._reply = await self._send(self._on_progress)
        return await self._fetch_result(self._reply, self._on_progress)

    def _on_progress(self, phase: Phase, seconds: float) -> None:
        self.is_sent |= phase is Phase.SEND
        self.last_progress = (phase, seconds)
        for watcher in self.watchers:
            watcher.put_nowait(self.last_progress)

    def cancel(self) -> None:
        """End it before anything is sent. Once: a second time would disturb it while it writes that down."""
        if not self.is_cancelled:
            self.is_cancelled = True
            self.task.cancel()

    def _notify_watchers(self, task: asyncio.Task[CallResult]) -> None:
        if task is not self.task:  # its end was seen, and the picture is fetched anew, before this was called
            return
        self._running.discard(self)
        if not task.cancelled():
            task.exception()  # looked at, or Python would complain if nobody waits any more
        for watcher in self.watchers:
            watcher.put_nowait(None)
