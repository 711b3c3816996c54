"""Single flight: within a session, an identical call joins the one in flight or reuses the paid result.

    handle = single_flight.submit(session, fingerprint, CallSpec(send, fetch_result, target))
    async for phase, seconds in handle.stream_progress(): …
    result = await handle.result()                # or raises the call's error
    handle.release()                              # a billable call that has been sent is still completed

Each call runs in its own task, so that whoever waits may leave. Sessions share nothing. Bound to one event loop.
"""

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from weakref import WeakSet

from ..domain.errors import ImageRejected, ShuttingDown
from .in_flight_call import CallSpec, InFlightCall, Progress
from .pipeline import CallResult

MAX_CACHED_BYTES = 256 * 1024 * 1024  # of pictures; the oldest calls are evicted first
CANCEL_TIMEOUT_S = 2.0  # for cancelled calls to record how they ended
FORCE_NONE, FORCE_ANY = 0, -1  # call ids start at 1


class CallHandle:
    """A handle on `call`. is_duplicate: it joined an existing call. abandoned: the person stopped waiting."""

    def __init__(self, session: str, call: InFlightCall, *, is_duplicate: bool) -> None:
        self.session = session
        self.is_duplicate = is_duplicate
        self.abandoned = False
        self.call = call
        self._progress_queue: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._progress_queue.put_nowait(None if call.is_done else call.last_progress)
        call.watchers.add(self._progress_queue)

    async def stream_progress(self) -> AsyncIterator[Progress]:
        """Phase and seconds, until the call ends or the person stops waiting."""
        while (progress := await self._progress_queue.get()) is not None:
            yield progress

    async def result(self) -> CallResult:
        """The result, or the call's error raised. Cancelling this coroutine does not cancel the call."""
        try:
            return await asyncio.shield(self.call.task)
        except asyncio.CancelledError:
            if self.call.task.cancelled():  # while somebody waits, only `drain` cancels the call
                is_maybe_billed = self.call.is_sent and not self.call.is_free
                raise ShuttingDown(cause="sent" if is_maybe_billed else "") from None
            raise

    def stop_waiting(self) -> None:
        """End `stream_progress`, because the person no longer waits."""
        self.abandoned = True
        self._progress_queue.put_nowait(None)

    def release(self) -> None:
        """Leave the call. Without watchers, a call that cannot have cost anything is cancelled."""
        self.call.watchers.discard(self._progress_queue)
        if not self.call.watchers and (self.call.is_free or not self.call.is_sent):
            self.call.cancel()


class SingleFlight:
    """Deduplicates the billable calls of each session. Ended calls are kept for `ttl_s`, within `max_bytes` in all."""

    def __init__(self, ttl_s: float, max_bytes: int = MAX_CACHED_BYTES) -> None:
        self._ttl_s = ttl_s
        self._max_bytes = max_bytes
        self._call_ids = itertools.count(1)
        self._calls: OrderedDict[tuple[str, str], tuple[float, InFlightCall]] = OrderedDict()
        self._running: set[InFlightCall] = set()
        self._handles: WeakSet[CallHandle] = WeakSet()
        self._is_draining = False

    def submit(self, session: str, fingerprint: str, spec: CallSpec, *, force: int = FORCE_NONE) -> CallHandle:
        """A handle on the session's call with that fingerprint; `spec` is started only if there is none.

        force: the id of an ended call to make again, or FORCE_ANY. A call in flight is joined all the same: a double
        click on "run again" is one intent. Raises ShuttingDown for a new call after `drain`.
        """
        self.evict_expired()
        key = (session, fingerprint)
        known = self._calls.get(key, (0.0, None))[1]
        is_forced = known is not None and known.is_done and force in (known.id, FORCE_ANY)
        reusable = known.find_reusable() if known else None
        if reusable is None or is_forced:
            call = self._start_call(spec, is_free=False, previous=reusable)
        else:
            call = reusable
            call.refetch_result()
        self._calls[key] = (time.monotonic() + self._ttl_s, call)
        self._calls.move_to_end(key)
        return self._create_handle(session, call, is_duplicate=call is reusable)

    def refetch(self, session: str, call_id: int) -> CallHandle:
        """A handle on the session's call with that id, whose result is downloaded again if only that had failed.

        It never sends the call. Raises ImageRejected("result_gone") if the call is no longer kept.
        """
        self.evict_expired()
        for (owner, _), (_, kept) in self._calls.items():
            call = kept.find_call(call_id) if owner == session else None
            if call is not None:
                call.refetch_result()
                return self._create_handle(session, call, is_duplicate=True)
        raise ImageRejected("result_gone")

    def submit_unshared(self, session: str, spec: CallSpec) -> CallHandle:
        """A handle on a new call that costs nothing; neither joined nor kept. Raises ShuttingDown after `drain`."""
        return self._create_handle(session, self._start_call(spec, is_free=True), is_duplicate=False)

    def stop_waiting(self, session: str) -> None:
        """Stop waiting on all of the session's handles."""
        for handle in [handle for handle in self._handles if handle.session == session]:
            handle.stop_waiting()

    def count_calls(self, session: str) -> int:
        """How many calls are kept for the session."""
        return sum(key[0] == session for key in self._calls)

    def has_call(self, call_id: int) -> bool:
        """Whether the billable call with that id is kept."""
        return any(call.id == call_id for _, call in self._calls.values())

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
        """Before the app stops, begin no new call, cancel calls that are free or not sent, and wait for the others.

        Calls that have not ended after `timeout_s` are cancelled, and recorded as unknown. Returns whether any call was
        running.
        """
        self._is_draining = True
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

    def _start_call(self, spec: CallSpec, *, is_free: bool, previous: InFlightCall | None = None) -> InFlightCall:
        if self._is_draining:
            raise ShuttingDown(cause="")
        return InFlightCall(next(self._call_ids), spec, self._running, is_free=is_free, previous=previous)

    def _create_handle(self, session: str, call: InFlightCall, *, is_duplicate: bool) -> CallHandle:
        handle = CallHandle(session, call, is_duplicate=is_duplicate)
        self._handles.add(handle)
        return handle
