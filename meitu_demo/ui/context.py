"""What every panel and API function needs, handed to them by `ui.page.build`, and how a call of theirs begins."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio
import httpx

from ..calls import pipeline
from ..calls.pipeline import CallResult, Phase, ProgressCallback, VendorReply
from ..calls.run_log import RunRecord
from ..calls.single_flight import FORCE_NONE, CallHandle, FetchResult, SendCall, SingleFlight
from ..calls.targets import TargetResolver
from ..calls.vendor_health import MAX_FAILURES, CircuitBreaker, VendorHealth
from ..domain.errors import MissingConsent
from ..domain.model import CallTarget, Endpoint, PreparedCall, Values
from ..ledger.lazy import LazyLedger
from ..runtime.client_address import fairness_key, resolve_client_address
from ..runtime.fair_queue import FairQueue
from ..runtime.picture_store import PictureStore
from ..settings import Settings
from .caller import Caller
from .face_crop_cache import FaceCropCache
from .failure_lab_backend import FailureLabBackend
from .history.entries import History
from .security import upload_validation
from .security.session_data import SessionData

MAX_CONCURRENT_PREVIEWS, MAX_PREVIEWS_PER_VISITOR, MAX_PENDING_PREVIEWS = (
    1,
    4,
    40,
)  # pictures of 5 ms: the last in line waits 0.2 s
DISPLAYED_WAITS_S = (
    2,
    5,
    10,
    20,
    30,
    60,
    90,
    120,
    180,
    300,
)  # every change is told to a page, which in a long line is work


class HealthRegistry:
    """What this process knows of each vendor's condition."""

    def __init__(self, *, has_circuit_breaker: bool) -> None:
        self._max_failures = MAX_FAILURES if has_circuit_breaker else None
        self._health_by_vendor: dict[tuple[bool, str], VendorHealth] = {}

    def of(self, target: CallTarget) -> VendorHealth:
        """The line that `route` goes by; a rehearsal in the lab says nothing about the vendor."""
        default = VendorHealth(CircuitBreaker(target.provider, max_failures=self._max_failures))
        return self._health_by_vendor.setdefault((target.is_failure_lab, target.provider), default)


@dataclass(frozen=True, slots=True)
class Context:
    """The app's one client, its routes, the pictures it shows, the folder of uploads, and a call's stations.

    turns: at the offline engine; a whole sheet is one. previews: a lane of their own, for pictures of milliseconds.
    closeups: the faces that sessions work on.
    """

    client: httpx.AsyncClient
    targets: TargetResolver
    pictures: PictureStore
    uploads_dir: Path
    ledger: LazyLedger
    single_flight: SingleFlight
    vendor_health: HealthRegistry
    failure_lab: FailureLabBackend
    session_data: SessionData
    engine_queue: FairQueue
    settings: Settings
    history: History
    preview_queue: FairQueue = field(
        default_factory=lambda: FairQueue(MAX_CONCURRENT_PREVIEWS, MAX_PREVIEWS_PER_VISITOR, MAX_PENDING_PREVIEWS)
    )
    face_crops: FaceCropCache = field(default_factory=FaceCropCache)

    async def read_upload(self, payload: object, caller: Caller) -> bytes:
        """The bytes of an upload, which is the visitor's from now on. Raises ImageRejected."""
        return await upload_validation.read_upload(
            payload, self.uploads_dir, lambda path: self.session_data.track(caller.session_id, path)
        )

    async def start_call(
        self,
        endpoint: Endpoint,
        source: bytes,
        values: Values,
        *,
        target: CallTarget,
        caller: Caller,
        consent: bool,
        force: int = FORCE_NONE,
        ledger: LazyLedger | None = None,
    ) -> CallHandle:
        """Hand in one call with the photo in `source`, for panel and API alike. Raises any DemoError.

        consent: the person in the photo agrees that it goes to the vendor; asked for where it leaves the machine.
        again: see `SingleFlight.hand_in`. till: where it is paid, if not with the owner's money.
        """
        run = RunRecord.start(endpoint.id, target, len(source))
        with run.track():
            if target.is_billable and not target.is_failure_lab and consent is not True:
                raise MissingConsent(provider=endpoint.provider)
            prepared = await pipeline.prepare(endpoint, source, values)
            if not target.is_billable:
                send, fetch_result = self._build_send_and_fetch(run, target, prepared, None)
                queued_send = partial(self._send_in_slot, self.get_fairness_key(caller), send)
                return self.single_flight.submit_unshared(caller.session_id, queued_send, fetch_result, run_id=run.id)
            recorder = await (ledger or self.ledger).get_recorder()
            fingerprint = await anyio.to_thread.run_sync(recorder.compute_fingerprint, prepared)
            open_paid_call = partial(
                recorder.record, target, prepared, fingerprint=fingerprint, visitor=caller.identify_visitor(recorder)
            )
            dedup_key = " ".join([target.mode, *target.extra_headers.values(), fingerprint])
            send, fetch_result = self._build_send_and_fetch(run, target, prepared, open_paid_call)
            handle = self.single_flight.submit(
                caller.session_id, dedup_key, send, fetch_result, force=force, run_id=run.id
            )
        if handle.is_duplicate:
            run.id = handle.run_id
            run.log("repeated", "free")
        return handle

    def _build_send_and_fetch(
        self, run: RunRecord, target: CallTarget, prepared: PreparedCall, open_paid_call: pipeline.OpenPaidCall | None
    ) -> tuple[SendCall, FetchResult]:
        """The two parts of a call that the desk runs, with its line in the log at the end of them."""

        async def send(on_progress: ProgressCallback) -> VendorReply:
            def track_sent(phase: Phase, seconds: float) -> None:
                if phase is Phase.SEND:
                    run.bytes_sent = len(prepared.photo.data)
                on_progress(phase, seconds)

            with run.track():
                return await pipeline.send(
                    self.client,
                    target,
                    prepared,
                    on_progress=track_sent,
                    open_paid_call=open_paid_call,
                    health=self.vendor_health.of(target),
                )

        async def fetch_result(reply: VendorReply, on_progress: ProgressCallback) -> CallResult:
            with run.track():
                result = await pipeline.fetch_result(self.client, target, prepared, reply, on_progress=on_progress)
            run.bytes_out = len(result.result_photo.data)
            run.finish()
            return replace(result, run_id=run.id)

        return send, fetch_result

    def get_fairness_key(self, caller: Caller) -> str:
        """Who counts as one visitor where the offline engine is shared out."""
        return fairness_key(
            caller.session_id,
            resolve_client_address(caller.peer_address, caller.forwarded_for, self.settings.trusted_proxies),
        )

    async def _send_in_slot(
        self, queue_key: str, send: Callable[[ProgressCallback], Awaitable[VendorReply]], on_progress: ProgressCallback
    ) -> VendorReply:
        last_sent_s: float | None = None

        def on_position(position: int, wait_s: int | None) -> None:
            nonlocal last_sent_s
            if last_sent_s != (displayed_s := round_up_wait(wait_s)):
                last_sent_s = displayed_s
                on_progress(Phase.QUEUE, last_sent_s)

        async with self.engine_queue.slot(queue_key, on_position):
            return await send(on_progress)


def round_up_wait(wait_s: int | None) -> float:
    """A wait that is read out a few times only, and no shorter than it is; 0 for an unknown one."""
    return (
        0.0
        if wait_s is None
        else next((float(displayed_s) for displayed_s in DISPLAYED_WAITS_S if displayed_s >= wait_s), float(wait_s))
    )
