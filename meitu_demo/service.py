"""Starts calls: the one service behind the panels, the API, the MCP server, recipes and live-versus-offline.

    choose_target   the vendor (with the owner's or the visitor's keys), the offline server, or the failure lab
    start           check consent → prepare → deduplicate → queue, or reserve money → send → fetch the result

A call to a vendor is deduplicated and paid for by the ledger; a call to the offline server waits in a fair queue.
"""

import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

import anyio
import httpx

from .calls import pipeline
from .calls.circuit_breaker import HealthRegistry, VendorHealth
from .calls.in_flight_call import CallSpec
from .calls.pipeline import CallResult, OpenPaidCall, Phase, ProgressCallback, VendorReply
from .calls.run_log import RunRecord
from .calls.single_flight import FORCE_NONE, CallHandle, SingleFlight
from .calls.targets import TargetResolver
from .domain.errors import DemoError, MissingConsent, MissingKey, PayerChanged, VisitorKeysGone
from .domain.model import CallTarget, Credentials, Endpoint, PreparedCall, Values
from .endpoints import CATALOGUE
from .ledger.lazy import LazyLedger
from .offline.effect_runner import MAX_CONCURRENT
from .offline.failure_lab import FailureLabBackend
from .recordings import CallRecorder, Recorder, RecordingStore, create_replay_target
from .runtime.client_address import fairness_key, resolve_client_address
from .runtime.fair_queue import FairQueue, PositionCallback, ignore_position
from .settings import MAX_OFFLINE_RUNS, Price, Settings, SettingsError
from .vendors import VENDORS

if TYPE_CHECKING:
    from .ledger.async_ledger import BeforeSend
    from .ledger.paid_calls import PaidCallRecorder

MAX_CONCURRENT_PREVIEWS, MAX_PREVIEWS_PER_VISITOR, MAX_PENDING_PREVIEWS = 1, 4, 40  # 6 to 35 ms each: a wait of 1.4 s
DISPLAYED_WAITS_S = (2, 5, 10, 20, 30, 60, 90, 120, 180, 300)  # few values, because each change is sent to the page

TargetMode = Literal["any", "live", "offline", "replay"]
VisitorKeys = Mapping[str, Credentials] | None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request. Results are shared only within a session, whose id cannot be guessed."""

    session_id: str
    cookie: str | None = None
    peer_address: str = ""
    forwarded_for: str = ""

    def identify_visitor(self, recorder: "PaidCallRecorder") -> str:
        """The visitor whose limit paid calls count against: from our signed cookie, else from the client's address."""
        return recorder.identify_visitor(self.cookie, self.peer_address, self.forwarded_for)


class CallService:
    """Starts calls, and owns what they share: the client, targets, ledger, single flight, vendor health and queues.

    The engine queue has one slot for a run, a contact sheet or a measurement. Previews take milliseconds and have a
    queue of their own: behind effects that take seconds they would lag behind the slider. Raises SettingsError for the
    price of an endpoint that does not exist.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: Settings,
        ledger: LazyLedger | None = None,
        engine_queue: FairQueue | None = None,
    ) -> None:
        self.prices = _index_prices(settings.price_per_call)
        self.client = client
        self.max_offline_runs_each = settings.offline_each
        self.targets = TargetResolver(settings)
        self.ledger = ledger or LazyLedger(settings)
        self.failure_lab = FailureLabBackend(settings)
        self.recorder = Recorder(RecordingStore(settings.recordings)) if settings.recordings else None
        self.single_flight = SingleFlight(settings.keep_minutes * 60.0)
        self.engine_queue = engine_queue or FairQueue(MAX_CONCURRENT, settings.offline_each, MAX_OFFLINE_RUNS)
        self._preview_queue = FairQueue(MAX_CONCURRENT_PREVIEWS, MAX_PREVIEWS_PER_VISITOR, MAX_PENDING_PREVIEWS)
        self._vendor_health = HealthRegistry(has_circuit_breaker=settings.breaker)
        self._trusted_proxies = settings.trusted_proxies

    async def choose_target(
        self,
        vendor_id: str,
        *,
        payer: str = "",
        mode: TargetMode = "any",
        visitor_keys: VisitorKeys = None,
        fault: str | None = None,
    ) -> CallTarget:
        """Where a call goes. fault: the failure lab's fault; None for no call to the lab; ignored in mode "offline".

        In mode "replay" that is a recording of the same call if there is one, else the offline server.

        payer: who pays for a live call, as the caller was told: "owner", "visitor", "nobody", or "" if nothing was
        said. Keys are forgotten in time, so their absence does not mean that the owner pays.
        Raises MissingKey if the call must go to the vendor and there is no key, PayerChanged if `payer` does not pay.
        """
        if mode in ("offline", "replay"):
            return self.targets.resolve_offline(vendor_id, prefers_recording=mode == "replay")
        if fault is not None:
            return await self.failure_lab.create_target(vendor_id, fault)
        targets = self.targets.with_visitor_keys(visitor_keys)
        _check_payer(vendor_id, payer, targets.get_payer(vendor_id))
        if mode == "any":
            return targets.resolve(vendor_id)
        target = targets.resolve_live(vendor_id)
        if target is None:
            raise MissingKey(vendor=vendor_id, setting=VENDORS[vendor_id].key_setting)
        return target

    def is_billable(
        self, vendor_id: str, *, mode: TargetMode = "any", visitor_keys: VisitorKeys = None, fault: str | None = None
    ) -> bool:
        """Whether a call to the target that `choose_target` returns may cost money, real or the failure lab's."""
        return mode not in ("offline", "replay") and (
            fault is not None or self.targets.with_visitor_keys(visitor_keys).is_live(vendor_id)
        )

    async def start(
        self,
        endpoint: Endpoint,
        photo: bytes,
        values: Values,
        *,
        target: CallTarget,
        caller: Caller,
        consent: bool,
        force: int = FORCE_NONE,
        before_send: "BeforeSend | None" = None,
        thumbnail_px: int = 0,
    ) -> CallHandle:
        """Start one call with the encoded `photo`, or join the same call of the same session.

        consent: whether the person in the photo agrees that it goes to the vendor. force: see `SingleFlight.submit`.
        before_send: awaited once the call has its turn, before it may cost anything; if it raises, nothing is sent.
        thumbnail_px: the longest side of a thumbnail in the result's `sent_photo`; 0 for none.
        The handle's target is a recording if `target` prefers one and there is one. Raises any DemoError.
        """
        run = RunRecord.start(endpoint.id, target, len(photo))
        with run.track():
            if target.is_billable and not target.is_failure_lab and consent is not True:
                raise MissingConsent(vendor=endpoint.vendor_id)
            prepared = await pipeline.prepare(endpoint, photo, values, thumbnail_px)
            target, call_recorder = await self._record_or_replay(target, prepared, photo, caller)
            run.mode, run.service = target.mode, target.service
            call = _Call(self.client, target, prepared, run, self._vendor_health.of(target), call_recorder)
            if not target.is_billable:
                send = call.send if target.recorded else partial(self._send_in_engine_slot, call, caller)
                return self.single_flight.submit_unshared(
                    caller.session_id, CallSpec(send, call.fetch_result, target, run_id=run.id)
                )
            ledger = self.failure_lab.ledger if target.is_failure_lab else self.ledger
            recorder = await ledger.get_recorder()
            fingerprint = await anyio.to_thread.run_sync(recorder.compute_fingerprint, prepared)
            visitor = caller.identify_visitor(recorder)
            open_paid_call = partial(
                recorder.record, target, prepared, fingerprint=fingerprint, visitor=visitor, before_send=before_send
            )
            dedup_key = " ".join([target.mode, *target.extra_headers.values(), fingerprint])
            paid_send = partial(call.send, open_paid_call=open_paid_call)
            spec = CallSpec(paid_send, call.fetch_result, target, run_id=run.id, photo_bytes=len(prepared.photo.data))
            handle = self.single_flight.submit(caller.session_id, dedup_key, spec, force=force)
        if handle.is_duplicate:
            run.id = handle.call.spec.run_id
            run.log("repeated", "free")
        return handle

    async def _record_or_replay(
        self, target: CallTarget, prepared: PreparedCall, photo: bytes, caller: Caller
    ) -> tuple[CallTarget, CallRecorder | None]:
        """The target, or the recording that it prefers; and the recorder of a live call where calls are recorded."""
        is_live = target.mode == "live"
        if self.recorder is None or not (is_live or target.prefers_recording):
            return target, None
        key = await self.recorder.compute_key(prepared.endpoint, prepared.values, photo)
        if key is None:
            return target, None
        if is_live:
            return target, self.recorder.open(caller.session_id, key, target, prepared)
        recording = await anyio.to_thread.run_sync(self.recorder.store.find, key)
        return create_replay_target(target, recording) if recording else target, None

    def refetch(self, caller: Caller, call_id: int) -> CallHandle:
        """Download the result of a paid call again, which is free; never makes a call. Raises ImageRejected."""
        return self.single_flight.refetch(caller.session_id, call_id)

    def stop_waiting(self, session_id: str) -> None:
        """Stop waiting for all calls of the session; a call that has been sent is still completed and recorded."""
        self.single_flight.stop_waiting(session_id)

    def engine_slot(
        self, caller: Caller, on_position: PositionCallback = ignore_position
    ) -> AbstractAsyncContextManager[None]:
        """A slot of the offline engine, shared fairly between visitors. Raises QueueFull when it is entered."""
        return self.engine_queue.slot(self._get_fairness_key(caller), on_position)

    def preview_slot(self, caller: Caller) -> AbstractAsyncContextManager[None]:
        """A slot for a preview, which takes milliseconds. Raises QueueFull when it is entered."""
        return self._preview_queue.slot(self._get_fairness_key(caller))

    def _get_fairness_key(self, caller: Caller) -> str:
        """The visitor, as the offline engine's queues count them."""
        address = resolve_client_address(caller.peer_address, caller.forwarded_for, self._trusted_proxies)
        return fairness_key(caller.session_id, address)

    async def _send_in_engine_slot(self, call: "_Call", caller: Caller, on_progress: ProgressCallback) -> VendorReply:
        last_sent_s: float | None = None

        def on_position(position: int, wait_s: int | None) -> None:
            nonlocal last_sent_s
            if last_sent_s != (displayed_s := round_up_wait(wait_s)):
                last_sent_s = displayed_s
                on_progress(Phase.QUEUE, displayed_s)

        async with self.engine_slot(caller, on_position):
            return await call.send(on_progress)


@dataclass(frozen=True, slots=True)
class _Call:
    """The two steps of one call that `SingleFlight` runs, tracked in the run log."""

    client: httpx.AsyncClient
    target: CallTarget
    prepared: PreparedCall
    run: RunRecord
    health: VendorHealth
    recorder: CallRecorder | None = None

    async def send(self, on_progress: ProgressCallback, *, open_paid_call: OpenPaidCall | None = None) -> VendorReply:
        def track_sent(phase: Phase, seconds: float) -> None:
            if phase is Phase.SEND:
                self.run.bytes_sent = len(self.prepared.photo.data)
            on_progress(phase, seconds)

        start = time.perf_counter()
        with self.run.track():
            try:
                return await pipeline.send(
                    self.client,
                    self.target,
                    self.prepared,
                    on_progress=track_sent,
                    open_paid_call=open_paid_call,
                    health=self.health,
                    on_response=self.recorder.take_response if self.recorder else None,
                )
            except DemoError as error:
                if self.recorder:
                    await self.recorder.save(time.perf_counter() - start, error)
                raise

    async def fetch_result(self, reply: VendorReply, on_progress: ProgressCallback) -> CallResult:
        with self.run.track():
            result = await pipeline.fetch_result(
                self.client, self.target, self.prepared, reply, on_progress=on_progress
            )
            is_saved = await self.recorder.save(result.elapsed_s, result.result_photo.data) if self.recorder else False
        self.run.bytes_out = len(result.result_photo.data)
        self.run.finish()
        return replace(result, run_id=self.run.id, is_saved=is_saved)


def _index_prices(prices: tuple[Price, ...]) -> Mapping[str, Price]:
    unknown = [price.endpoint_id for price in prices if price.endpoint_id not in CATALOGUE]
    if unknown:
        raise SettingsError(f"PRICE_PER_CALL: there is no {unknown[0]}; the endpoints are {', '.join(CATALOGUE)}")
    return {price.endpoint_id: price for price in prices}


def _check_payer(vendor_id: str, told: str, actual: str) -> None:
    """Refuses a call that costs somebody who was not named. Visitors who sent their keys have named themselves."""
    if told == "visitor" and actual != "visitor":
        raise VisitorKeysGone(vendor=vendor_id)
    if actual != "nobody" and told != actual and not (told == "" and actual == "visitor"):
        raise PayerChanged(vendor=vendor_id)


def round_up_wait(wait_s: int | None) -> float:
    """The next of `DISPLAYED_WAITS_S`, so that the page is updated only a few times; 0 if the wait is unknown."""
    if wait_s is None:
        return 0.0
    return float(next((displayed_s for displayed_s in DISPLAYED_WAITS_S if displayed_s >= wait_s), wait_s))
