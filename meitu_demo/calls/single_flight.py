"""One intent, one call: the same order of the same session joins the call in flight, or is shown its end again.

    ticket = desk.hand_in(session, fingerprint, ask, collect)
    async for step, seconds in ticket.steps(): …      # where it is
    outcome = await ticket.result()                   # raises what the call ended in
    ticket.leave()                                    # whoever stops watching; what was sent goes on to its end

For one event loop. Sessions never share anything: their name is part of the key. Imports `service` and `errand`.
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

# MERGED errand.py: A call that runs by itself: in a task of its own, so that whoever waits for it may come and go. For
# `desk` alone, which decides who gets which. Imports `service` and `billing`.

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


MAX_CACHED_BYTES = 256 * 1024 * 1024  # bytes of pictures in all; the oldest go first
CANCEL_TIMEOUT_S = 2.0  # for the last words about calls that are broken off
FORCE_NONE, FORCE_ANY = 0, -1  # beside the numbers of calls


class CallHandle:
    """One person's claim to an errand. repeated: it was there already. stopped: the person waits no longer."""

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
        """By which "run again" says what it wants again."""
        return self._call.call_id

    @property
    def run_id(self) -> str:
        """The id under which the log has the call."""
        return self._call.run_id

    @property
    def started_at(self) -> datetime:
        """When the call was made, in UTC."""
        return self._call.started_at

    @property
    def is_sent(self) -> bool:
        """Whether a byte may have left."""
        return self._call.is_sent

    async def stream_progress(self) -> AsyncIterator[Progress]:
        """Where the call is, until it ends or the person has had enough."""
        while (progress := await self._progress_queue.get()) is not None:
            yield progress

    async def result(self) -> CallResult:
        """What came of it. Raises what it ended in. Being cancelled here does not cancel the call."""
        try:
            return await asyncio.shield(self._call.task)
        except asyncio.CancelledError:
            if self._call.task.cancelled():  # somebody waits here, so it is the app that gave up
                may_be_billed = self._call.is_sent and not self._call.is_free
                raise ShuttingDown(cause="sent" if may_be_billed else "") from None
            raise

    def stop_waiting(self) -> None:
        """The person has had enough: `stream_progress` comes to its end."""
        self.abandoned = True
        self._progress_queue.put_nowait(None)

    def release(self) -> None:
        """Nobody watches here any more. A call that cannot have cost anything ends with its last watcher."""
        self._call.watchers.discard(self._progress_queue)
        if not self._call.watchers and (self._call.is_free or not self._call.is_sent):
            self._call.cancel()


class SingleFlight:
    """Where orders are handed in. An end that was paid for is kept for `life` seconds, and while there is room."""

    def __init__(self, ttl_s: float, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._call_ids = itertools.count(1)
        self._calls: OrderedDict[tuple[str, str], tuple[float, InFlightCall]] = OrderedDict()
        self._running: set[InFlightCall] = set()
        self._handles: WeakSet[CallHandle] = WeakSet()  # of those who wait

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
        """A ticket for the order with that fingerprint; `ask` is only used if the session has not made the call.

        again: the number of the call that is wanted once more although its end is known, or WHICHEVER there is. One
        that is in flight is joined all the same: a double click on "run again" is one intent. run: the id of the call,
        if it is made.
        """
        self.evict_expired()
        key = (session, fingerprint)
        call = self._calls.get(key, (0.0, None))[1]
        if call is not None and call.is_done and force in (call.call_id, FORCE_ANY):
            previous, call = call, None
        else:
            previous, call = None, call and call.find_reusable()
        is_duplicate = call is not None
        if call is None:
            call = InFlightCall(
                next(self._call_ids), send, fetch_result, self._running, is_free=False, previous=previous, run_id=run_id
            )
        self._calls[key] = (time.monotonic() + self._ttl_s, call)
        self._calls.move_to_end(key)
        return self._create_handle(session, call, is_duplicate=is_duplicate)

    def submit_unshared(
        self, session: str, send: SendCall, fetch_result: FetchResult, *, run_id: str = ""
    ) -> CallHandle:
        """A ticket for a call that costs nothing: nobody joins it, and it is not kept."""
        call = InFlightCall(next(self._call_ids), send, fetch_result, self._running, is_free=True, run_id=run_id)
        return self._create_handle(session, call, is_duplicate=False)

    def stop_waiting(self, session: str) -> None:
        """The session's person has had enough of waiting."""
        for handle in [ticket for ticket in self._handles if ticket.session == session]:
            handle.stop_waiting()

    def count_calls(self, session: str) -> int:
        """How many calls are kept for the session."""
        return sum(key[0] == session for key in self._calls)

    def evict(self, session: str) -> None:
        """Keep nothing of a session's; what is in flight is still recorded to its end."""
        for key in [key for key in self._calls if key[0] == session]:
            del self._calls[key]

    async def drain(self, timeout_s: float) -> bool:
        """Before the app stops: what is not sent is dropped; calls in flight get so long to end. Whether some were.

        What has not ended by then is broken off, and written down as unknown.
        """
        for call in list(self._running):
            if call.is_free or not call.is_sent:
                call.cancel()
        had_running = bool(self._running)
        if had_running:
            _, unfinished = await asyncio.wait([errand.task for errand in self._running], timeout=timeout_s)
            for task in unfinished:
                task.cancel()
            if unfinished:
                await asyncio.wait(unfinished, timeout=CANCEL_TIMEOUT_S)
        return had_running

    def _create_handle(self, session: str, call: InFlightCall, *, is_duplicate: bool) -> CallHandle:
        handle = CallHandle(session, call, is_duplicate=is_duplicate)
        self._handles.add(handle)
        return handle

    def evict_expired(self) -> None:
        """Forget what has been kept for long enough, or for which there is no room."""
        now = time.monotonic()
        free_bytes = self._max_bytes - sum(errand.count_bytes() for _, errand in self._calls.values())
        for key, (deadline, call) in list(self._calls.items()):
            if call.is_done and (deadline < now or free_bytes < 0):
                free_bytes += call.count_bytes()
                del self._calls[key]
