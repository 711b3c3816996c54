"""Makes the calls of a plan through `CallService`, so that consent, caps, rates, ledger and fair queue hold for them.

The calls to the offline engine, and those to each vendor, are a lane of their own: a few workers that take its calls in
order. An error that would meet every call (a cap, no key, a vendor that has stopped answering) closes its lane: what is
left of it is not sent. A call that may have been billed is never made again.
"""

import asyncio
import logging
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import anyio

from ..calls.pipeline import CallResult, Phase
from ..calls.single_flight import CallHandle
from ..domain.billing import Billing, classify_billing
from ..domain.errors import DemoError, ImageRejected, QueueFull, RateLimited, VendorError
from ..domain.vendor_codes import interpret_vendor_error
from ..offline.effect_runner import MAX_CONCURRENT
from ..redaction.secrets import format_stack_trace
from ..service import Caller, CallService, VisitorKeys
from .journal import Journal
from .outcomes import Outcome, OutcomeKind, build_failure, build_success, build_unanswered
from .plan import Job, Plan

log = logging.getLogger(__name__)
Lane = tuple[str, str]  # target, vendor
# Keeps the pictures of a call that has ended: the source file's bytes, b"" if it was not read, and the result.
SavePictures = Callable[[Job, bytes, CallResult | None], Awaitable[None]]
LIVE_WORKERS = 4  # for each vendor; each waits for the rate limit or for an answer
OFFLINE_WORKERS = MAX_CONCURRENT + 1  # one reads and fits its photo while the others have the engine
MAX_CONSECUTIVE_UNDELIVERED = 5
THUMBNAIL_SIDE_PX = 240  # of a photo in the report
MIN_RETRY_S, MAX_RETRY_S = 0.5, 10.0  # between attempts of a call that found its queue full
# A vendor's codes that are about the account and not about the photo.
ACCOUNT_SLUGS = frozenset({"key_refused", "no_entitlement", "api_not_enabled", "out_of_credits", "account_blocked",
                           "api_retired", "api_not_found"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Authority:
    """On whose behalf the calls are made. consents, payers: by vendor, as the person was asked and told."""

    caller: Caller
    consents: Mapping[str, bool] = field(default_factory=dict)
    payers: Mapping[str, str] = field(default_factory=dict)
    visitor_keys: VisitorKeys = None


class EvaluationRun:
    """One pass over the calls of `plan` that have no final outcome in `journal`. outcomes: the journal's."""

    def __init__(
        self, service: CallService, plan: Plan, journal: Journal, save_pictures: SavePictures, authority: Authority
    ) -> None:
        self.outcomes = outcomes = journal.outcomes
        self._service, self._authority = service, authority
        self._journal, self._save_pictures = journal, save_pictures
        # One run is left to the same person's panels.
        self._offline_workers = max(1, min(OFFLINE_WORKERS, service.max_offline_runs_each - 1))
        self._lanes: defaultdict[Lane, deque[Job]] = defaultdict(deque)
        for job in plan.jobs:
            outcome = outcomes.get(job.key)
            if outcome is None or not outcome.is_final:
                outcomes.pop(job.key, None)
                lane = job.target, job.setup.endpoint.vendor_id if job.target == "live" else ""
                self._lanes[lane].append(job)
        self._active: dict[asyncio.Task[None], tuple[Job, CallHandle | None]] = {}
        self._is_stopped = False

    @property
    def is_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._is_stopped

    async def run(self) -> None:
        """Make the calls. Returns when all have ended; after `stop`, when the paid ones that were sent have.

        Raises what the journal and `save_pictures` raise, after which nothing more is sent.
        """
        workers = [
            self._work(jobs)
            for (target, _), jobs in self._lanes.items()
            for _ in range(self._offline_workers if target == "offline" else LIVE_WORKERS)
        ]
        failures = [error for error in await asyncio.gather(*workers, return_exceptions=True) if error is not None]
        if failures:
            raise failures[0]

    def stop(self) -> None:
        """Send nothing more. Free calls are dropped; paid calls that were sent are completed and recorded."""
        self._is_stopped = True
        for task, (job, handle) in list(self._active.items()):
            if job.target == "offline" or handle is None or not handle.call.is_sent:
                task.cancel()

    def list_unanswered(self) -> dict[str, Outcome]:
        """The paid calls that have been sent and not answered yet, as outcomes for a report that is made now."""
        sent = [job for job, handle in self._active.values() if job.target == "live" and handle and handle.call.is_sent]
        return {job.key: build_unanswered() for job in sent if job.key not in self.outcomes}

    async def _work(self, jobs: deque[Job]) -> None:
        undelivered = 0
        while jobs and not self._is_stopped:
            job = jobs.popleft()
            task = asyncio.ensure_future(self._complete(job, jobs))
            self._active[task] = job, None
            await asyncio.wait([task])
            del self._active[task]
            if not task.cancelled() and task.exception() is not None:
                self.stop()
                task.result()
            outcome = self.outcomes.get(job.key)
            undelivered = undelivered + 1 if outcome and outcome.kind is OutcomeKind.NOT_SENT else 0
            if outcome and undelivered >= MAX_CONSECUTIVE_UNDELIVERED:
                await self._close_lane(jobs, outcome)

    async def _complete(self, job: Job, jobs: deque[Job]) -> None:
        """Make one call to its end and record it; on an error that would meet every call, close the lane."""
        is_billable, photo = job.target == "live", b""
        clock = _Stopwatch()
        try:
            photo = await anyio.to_thread.run_sync(job.photo.read)
            result = await self._call_until_admitted(job, photo, clock)
        except asyncio.CancelledError:
            if is_billable and clock.is_sent:  # since `stop` looked
                await self._record(job, build_unanswered(), photo, None)
            elif is_billable:  # the journal says that it may be sent
                await anyio.to_thread.run_sync(self._journal.finish, job.key, Outcome(OutcomeKind.NOT_SENT))
            raise
        except OSError:  # the journal cannot be written
            raise
        except Exception as error:  # every other failure is an outcome
            if not isinstance(error, DemoError):
                log.error("a call of %s failed\n%s", job.setup.endpoint.id, format_stack_trace(error))
            outcome = build_failure(error, clock.seconds, is_billable=is_billable and not clock.is_repeat)
            await self._record(job, outcome, photo, None)
            if _meets_every_call(error):
                await self._close_lane(jobs, outcome)
        else:
            is_paid = is_billable and not clock.is_repeat
            await self._record(job, build_success(result, clock.seconds, is_billable=is_paid), photo, result)

    async def _call_until_admitted(self, job: Job, photo: bytes, clock: "_Stopwatch") -> CallResult:
        while True:
            try:
                return await self._call(job, photo, clock)
            except (QueueFull, RateLimited) as error:  # others are being served, or the key's rate is used up
                seconds = error.facts.get("seconds")
                wait_s = float(seconds) if isinstance(seconds, int | float) else MIN_RETRY_S
                await asyncio.sleep(min(max(wait_s, MIN_RETRY_S), MAX_RETRY_S))

    async def _call(self, job: Job, photo: bytes, clock: "_Stopwatch") -> CallResult:
        authority, vendor_id = self._authority, job.setup.endpoint.vendor_id
        target = await self._service.choose_target(
            vendor_id,
            payer=authority.payers.get(vendor_id, ""),
            mode=job.target,
            visitor_keys=authority.visitor_keys,
        )
        handle = await self._service.start(
            job.setup.endpoint, photo, job.setup.values, target=target, caller=authority.caller,
            consent=authority.consents.get(vendor_id, False),
            thumbnail_px=THUMBNAIL_SIDE_PX,
            before_send=partial(anyio.to_thread.run_sync, self._journal.begin, job.key),
        )  # fmt: skip
        task = asyncio.current_task()
        assert task is not None
        self._active[task] = job, handle
        try:
            async for phase, _ in handle.stream_progress():
                clock.note(phase)
            return await handle.result()
        finally:
            clock.stop(is_sent=handle.call.is_sent, is_repeat=handle.is_duplicate)
            handle.release()

    async def _close_lane(self, jobs: deque[Job], reason: Outcome) -> None:
        """None of the lane's remaining `jobs` is sent, for the reason that the last one had."""
        remaining = list(jobs)
        jobs.clear()
        for job in remaining:
            await self._record(job, Outcome(OutcomeKind.NOT_SENT, code=reason.code, words=reason.words), b"", None)

    async def _record(self, job: Job, outcome: Outcome, photo: bytes, result: CallResult | None) -> None:
        self.outcomes[job.key] = outcome
        await anyio.to_thread.run_sync(self._journal.finish, job.key, outcome)
        await self._save_pictures(job, photo, result)


class _Stopwatch:
    """The seconds from sending until the end of a call; None if nothing was sent.

    is_sent: whether sending has begun. is_repeat: an equal call of the session was joined or shown again, for instance
    of a photo that differs in its metadata alone: it was paid for and measured there.
    """

    def __init__(self) -> None:
        self.seconds: float | None = None
        self.is_sent = self.is_repeat = False
        self._sent_at: float | None = None

    def note(self, phase: Phase) -> None:
        if phase is Phase.SEND:
            self._sent_at = time.perf_counter()

    def stop(self, *, is_sent: bool, is_repeat: bool) -> None:
        self.is_sent, self.is_repeat = is_sent, is_repeat
        if not is_repeat and self._sent_at is not None:
            self.seconds = time.perf_counter() - self._sent_at


def _meets_every_call(error: Exception) -> bool:
    if isinstance(error, VendorError):
        known = interpret_vendor_error(error)
        return known is not None and known.slug in ACCOUNT_SLUGS
    return classify_billing(error) is Billing.NOT_SENT and not isinstance(error, ImageRejected)
