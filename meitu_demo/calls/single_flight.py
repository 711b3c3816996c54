"""Single flight: within a session, an identical call joins the one in flight or reuses the paid result.

    handle = single_flight.submit(session, fingerprint, send, fetch_result)
    async for phase, seconds in handle.stream_progress(): …
    result = await handle.result()                # or raises the call's error
    handle.release()                              # a billable call that has been sent is still completed

Each call runs in its own task, so that whoever waits may leave. Sessions share nothing. Bound to one event loop.
"""

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from weakref import WeakSet

from ..domain.billing import may_be_billed
from ..domain.errors import DemoError, ShuttingDown
from .pipeline import CallResult, Phase, ProgressCallback, VendorReply

SendCall = Callable[[ProgressCallback], Awaitable[VendorReply]]
FetchResult = Callable[[VendorReply, ProgressCallback], Awaitable[CallResult]]
Progress = tuple[Phase, float]

MAX_CACHED_BYTES = 256 * 1024 * 1024  # of pictures; the oldest calls are evicted first
CANCEL_TIMEOUT_S = 2.0  # for cancelled calls to record how they ended
FORCE_NONE, FORCE_ANY = 0, -1  # call ids start at 1


class InFlightCall:
    """One call in its own task.

    running: a set that keeps it referenced while it runs, because an event loop keeps only weak references to tasks.
    previous: the call that this one repeats; it is reused if this one fails without cost.
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
        self.is_sent = False  # whether sending has begun
        self.is_cancelled = False
        self.watchers: set[asyncio.Queue[Progress | None]] = set()
        self.last_progress: Progress = (Phase.PREPARE, 0.0)
        self._running = running
        self._previous = previous
        self._send = send
        self._fetch_result = fetch_result
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

    def refetch_result(self) -> None:
        """Fetch the result again, free of charge, if the vendor replied and only fetching failed."""
        if self._reply is not None and self.is_done and not self.task.cancelled() and self.task.exception():
            self.task = self._start_task()

    def count_bytes(self) -> int:
        """Size of the sent photo and the result; 0 without a result."""
        if not self.is_done or self.task.cancelled() or self.task.exception() is not None:
            return 0
        result = self.task.result()
        return len(result.sent_photo.data) + len(result.result_photo.data)

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
            self._reply = await self._send(self._on_progress)
        return await self._fetch_result(self._reply, self._on_progress)

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


class CallHandle:
    """A handle on a call. is_duplicate: it joined an existing call. abandoned: the person stopped waiting."""

    def __init__(self, session: str, call: InFlightCall, *, is_duplicate: bool) -> None:
        self.session = session
        self.is_duplicate = is_duplicate
        self.abandoned = False
        self._call = call
        self._progress_queue: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._progress_queue.put_nowait(None if call.is_done else call.last_progress)
        call.watchers.add(self._progress_queue)

    @property
    def call_id(self) -> int:
        """The id to pass as `force` to repeat the call."""
        return self._call.call_id

    @property
    def run_id(self) -> str:
        """The call's id in the run log."""
        return self._call.run_id

    @property
    def started_at(self) -> datetime:
        """When the call started, in UTC."""
        return self._call.started_at

    @property
    def is_sent(self) -> bool:
        """Whether sending has begun."""
        return self._call.is_sent

    async def stream_progress(self) -> AsyncIterator[Progress]:
        """Phase and seconds, until the call ends or the person stops waiting."""
        while (progress := await self._progress_queue.get()) is not None:
            yield progress

    async def result(self) -> CallResult:
        """The result, or the call's error raised. Cancelling this coroutine does not cancel the call."""
        try:
            return await asyncio.shield(self._call.task)
        except asyncio.CancelledError:
            if self._call.task.cancelled():  # while somebody waits, only `drain` cancels the call
                is_maybe_billed = self._call.is_sent and not self._call.is_free
                raise ShuttingDown(cause="sent" if is_maybe_billed else "") from None
            raise

    def stop_waiting(self) -> None:
        """End `stream_progress`, because the person no longer waits."""
        self.abandoned = True
        self._progress_queue.put_nowait(None)

    def release(self) -> None:
        """Leave the call. Without watchers, a call that cannot have cost anything is cancelled."""
        self._call.watchers.discard(self._progress_queue)
        if not self._call.watchers and (self._call.is_free or not self._call.is_sent):
            self._call.cancel()


class SingleFlight:
    """Deduplicates the billable calls of each session. Ended calls are kept for `ttl_s`, within `max_bytes` in all."""

    def __init__(self, ttl_s: float, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._call_ids = itertools.count(1)
        self._calls: OrderedDict[tuple[str, str], tuple[float, InFlightCall]] = OrderedDict()
        self._running: set[InFlightCall] = set()
        self._handles: WeakSet[CallHandle] = WeakSet()

    def submit(
        self,
        session: str,
        fingerprint: str,
        send: SendCall,
        fetch_result: FetchResult,
        *,
        force: int = FORCE_NONE,
        run_id: str = "",
    ) -> CallHandle:
        """A handle on the session's call with that fingerprint; `send` is used only if there is none.

        force: the id of an ended call to make again, or FORCE_ANY. A call in flight is joined all the same: a double
        click on "run again" is one intent. run_id: the run log's id for a new call.
        """
        self.evict_expired()
        key = (session, fingerprint)
        known = self._calls.get(key, (0.0, None))[1]
        is_forced = known is not None and known.is_done and force in (known.call_id, FORCE_ANY)
        reusable = known.find_reusable() if known else None
        if reusable:
            reusable.refetch_result()
        is_duplicate = reusable is not None and not is_forced
        if reusable is not None and not is_forced:
            call = reusable
        else:
            call = InFlightCall(
                next(self._call_ids), send, fetch_result, self._running, is_free=False, previous=reusable, run_id=run_id
            )
        self._calls[key] = (time.monotonic() + self._ttl_s, call)
        self._calls.move_to_end(key)
        return self._create_handle(session, call, is_duplicate=is_duplicate)

    def submit_unshared(
        self, session: str, send: SendCall, fetch_result: FetchResult, *, run_id: str = ""
    ) -> CallHandle:
        """A handle on a new call that costs nothing: it is neither joined nor kept."""
        call = InFlightCall(next(self._call_ids), send, fetch_result, self._running, is_free=True, run_id=run_id)
        return self._create_handle(session, call, is_duplicate=False)

    def stop_waiting(self, session: str) -> None:
        """Stop waiting on all of the session's handles."""
        for handle in [handle for handle in self._handles if handle.session == session]:
            handle.stop_waiting()

    def count_calls(self, session: str) -> int:
        """How many calls are kept for the session."""
        return sum(key[0] == session for key in self._calls)

    def has_call(self, call_id: int) -> bool:
        """Whether the billable call with that id is kept."""
        return any(call.call_id == call_id for _, call in self._calls.values())

    def evict(self, session: str) -> None:
        """Forget the session's calls; those in flight are still completed and recorded."""
        for key in [key for key in self._calls if key[0] == session]:
            del self._calls[key]

    def evict_expired(self) -> None:
        """Forget calls that have expired, and the oldest beyond `max_bytes`."""
        now = time.monotonic()
        free_bytes = self._max_bytes - sum(call.count_bytes() for _, call in self._calls.values())
        for key, (deadline, call) in list(self._calls.items()):
            if call.is_done and (deadline < now or free_bytes < 0):
                free_bytes += call.count_bytes()
                del self._calls[key]

    async def drain(self, timeout_s: float) -> bool:
        """Before the app stops, cancel calls that are free or not sent and wait for the others.

        Calls that have not ended after `timeout_s` are cancelled, and recorded as unknown. Returns whether any call was
        running.
        """
        for call in list(self._running):
            if call.is_free or not call.is_sent:
                call.cancel()
        had_running = bool(self._running)
        if had_running:
            _, unfinished = await asyncio.wait([call.task for call in self._running], timeout=timeout_s)
            for task in unfinished:
                task.cancel()
            if unfinished:
                await asyncio.wait(unfinished, timeout=CANCEL_TIMEOUT_S)
        return had_running

    def _create_handle(self, session: str, call: InFlightCall, *, is_duplicate: bool) -> CallHandle:
        handle = CallHandle(session, call, is_duplicate=is_duplicate)
        self._handles.add(handle)
        return handle
