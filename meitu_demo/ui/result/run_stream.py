"""A click on a panel's button: start the call, show its progress, then the result or the explanation.

`finish_run`, `record_failure` and `render_wire` are shared with live-versus-offline and the recipe.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...calls.pipeline import CallResult, Phase
from ...calls.run_log import report_failure
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, ValueRejected
from ...domain.explanations import Explanation
from ...domain.model import CallTarget, Credentials, Endpoint, Values
from ...domain.translations import describe_service, translate
from ...inspector.code_samples import render_samples
from ...inspector.trace import Trace
from ...service import Caller, TargetMode
from ..caller import get_shown_payer, identify_caller
from ..context import Context
from ..html import EMPTY_HTML
from ..texts import detect_language
from . import result_view
from .facts import build_file_name, render_receipt
from .inspector_view import render_inspector
from .offline_fallback import Fallback, build_fallback, is_network_failure
from .pictures import PictureUrls, render_pair, store_pair

ScreenUpdate = tuple[str, Any]  # HTML of the result view with its actions; the id of the call that it shows


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One click on a run button.

    fault: the failure lab's fault; None outside the lab. is_kiosk: untrusted, from the page's URL (/?stage=1); it only
    decides whether a live run falls back to offline if the network fails. payer: who pays, as the page showed it.
    fallback: the live call that a run without the network replaces. is_fetch_only: download the picture of the last
    call again, and make no call.
    """

    endpoint: Endpoint
    caller: Caller
    language: str
    photo: Any
    values: Mapping[str, Any]
    visitor_keys: Mapping[str, Credentials] | None
    consent: bool
    force: int
    force_offline: bool
    payer: str
    fault: str | None = None
    is_kiosk: bool = False
    fallback: Fallback | None = None
    is_fetch_only: bool = False

    @classmethod
    def from_inputs(
        cls,
        endpoint: Endpoint,
        request: gr.Request,
        inputs: tuple[Any, ...],
        action: str,
        fault: str | None = None,
    ) -> "RunRequest":
        """From a panel's inputs: photo, controls, consent, tab id, visitor's keys, id of the last call.

        action: of the clicked button: "again" and "retry" repeat the last call, "fetch" gets its picture again,
        "offline" uses the offline engine; any other is a new run."""
        photo, *rest, consent, tab_id, visitor_keys, call_id = inputs
        names = [control.name for control in endpoint.controls] if fault is None else []  # the lab uses the defaults
        return cls(
            endpoint,
            identify_caller(request, tab_id),
            detect_language(request),
            photo,
            dict(zip(names, rest, strict=True)),
            visitor_keys,
            consent is True,
            call_id if action in ("again", "retry", "fetch") else FORCE_NONE,
            action == "offline",
            get_shown_payer(request, endpoint.vendor_id),
            fault,
            request.query_params.get("stage") == "1",  # Gradio's page sends its own query with each event
            is_fetch_only=action == "fetch",
        )

    def describe_service(self, target: CallTarget | None) -> str:
        """The name of who answers; the vendor's before the target is known."""
        return describe_service(self.endpoint.vendor_id, target.service if target else "", self.language)

    @property
    def mode(self) -> TargetMode:
        """Which targets are allowed."""
        return "replay" if self.fallback else "offline" if self.force_offline else "any"


def build_update(html: Markup, *actions: str, call_id: int = FORCE_NONE) -> ScreenUpdate:
    """`html` with the available action buttons, and the call's id if there is one."""
    return result_view.with_actions(html, actions), call_id or gr.skip()


def describe_repeat(key: str, handle: CallHandle | None, language: str) -> str:
    """The text at `result.<key>` with the time since the call started; "" if it is not a duplicate."""
    if handle is None or not handle.is_duplicate:
        return ""
    now = datetime.now(UTC)
    return translate(f"result.{key}", language, ago=result_view.format_ago(handle.call.started_at, now, language))


def _describe_history(request: RunRequest, key: str, handle: CallHandle | None, target: CallTarget | None) -> str:
    """What is said of an earlier call: of the one that this run replaces, else of a duplicate (`result.<key>`)."""
    if request.fallback:
        return request.fallback.describe(target.mode if target else "", request.language)
    return describe_repeat(key, handle, request.language)


async def stream(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The updates of the screen during the run and at its end."""
    yield build_update(result_view.render_progress(Phase.PREPARE, 0, "", "", request.language))
    service, vendor_id = context.service, request.endpoint.vendor_id
    is_billable = request.is_fetch_only or service.is_billable(
        vendor_id, mode=request.mode, visitor_keys=request.visitor_keys, fault=request.fault
    )
    handle: CallHandle | None = None
    target: CallTarget | None = None
    network_error: DemoError | None = None
    try:
        if request.is_fetch_only:
            handle = service.refetch(request.caller, request.force)
            target = handle.call.spec.target
            assert target
        else:
            target = await service.choose_target(
                vendor_id,
                payer=request.payer,
                mode=request.mode,
                visitor_keys=request.visitor_keys,
                fault=request.fault,
            )
            handle = await service.start(
                request.endpoint,
                await context.read_upload(request.photo, request.caller),
                request.values,
                target=target,
                caller=request.caller,
                consent=request.consent,
                force=request.force,
            )
            target = handle.call.spec.target
        async for update in stream_call(context, request, target, handle):
            yield update
    except Exception as error:  # every failure ends as an explanation on the screen
        explained = report_failure(error, request.language, endpoint=request.endpoint.id, is_billable=is_billable)
        unresolved_mode = "lab" if request.fault is not None else "live" if is_billable else "offline"
        record_failure(context, request, target, unresolved_mode, explained, handle)
        if isinstance(error, DemoError) and _should_fall_back(request, target, error):
            network_error = error
        else:
            yield render_failure(request, error, explained, handle, target, is_billable=is_billable)
    finally:
        if handle:
            handle.release()
    if network_error is not None:
        remark = describe_repeat("repeated_failure", handle, request.language)
        fallback = build_fallback(network_error, handle, remark, request.language)
        async for update in stream(context, replace(request, is_fetch_only=False, fallback=fallback)):
            yield update


def _should_fall_back(request: RunRequest, target: CallTarget | None, error: DemoError) -> bool:
    """Whether a recording or the offline engine takes over within the same click."""
    return request.is_kiosk and target is not None and target.mode == "live" and is_network_failure(error)


async def stream_call(
    context: Context, request: RunRequest, target: CallTarget, handle: CallHandle
) -> AsyncIterator[ScreenUpdate]:
    """The updates of the screen while the call runs, and with its result. Raises the call's error."""
    language, service = request.language, request.describe_service(target)
    stop = ["stop"] if target.is_billable else []
    async for phase, remaining_s in handle.stream_progress():
        yield build_update(result_view.render_progress(phase, remaining_s, service, target.mode, language), *stop)
    finished = await finish_run(context, handle, request.caller, request.fault)
    if finished is None:
        yield build_update(result_view.render_stopped(handle.call.is_sent, language), call_id=handle.call.id)
        return
    result, pictures = finished
    remark = _describe_history(request, "repeated", handle, target)
    receipt_html = render_run_receipt(context, result, language)
    html = result_view.render_comparison(result, pictures, service, language, remark, receipt_html)
    html += render_wire(result.trace, request.endpoint, result.values, target, language)
    if request.fallback:
        yield build_update(html, *request.fallback.actions, call_id=request.fallback.call_id)
        return
    can_repeat = target.is_billable and handle.is_duplicate
    yield build_update(html, *(["again"] if can_repeat else []), call_id=handle.call.id)


def render_failure(
    request: RunRequest,
    error: Exception,
    explained: Explanation,
    handle: CallHandle | None,
    target: CallTarget | None,
    *,
    is_billable: bool,
) -> ScreenUpdate:
    """The explanation of `error`, the inspector if anything was sent, and the next actions."""
    recorded, service = target.recorded if target else None, request.describe_service(target)
    remark = _describe_history(request, "repeated_failure", handle, target)
    html = result_view.render_explanation(explained, request.language, remark, recorded, service)
    html += render_failed_wire(error, request, target)
    if request.fallback:
        return build_update(html, *request.fallback.actions, call_id=request.fallback.call_id)
    actions = list_paid_actions(error, handle) if is_billable else ()
    if (is_billable or recorded) and not isinstance(error, ImageRejected | ValueRejected):
        actions = (*actions, "offline")
    return build_update(html, *actions, call_id=handle.call.id if handle else FORCE_NONE)


def list_paid_actions(error: BaseException, handle: CallHandle | None) -> tuple[str, ...]:
    """The actions after a billable call that failed: a free download, and a paid call on a button of its own."""
    if handle and handle.call.can_refetch:
        return ("fetch", "again")
    return ("retry",) if may_be_billed(error) else ()


async def finish_run(
    context: Context, handle: CallHandle, caller: Caller, fault: str | None = None
) -> tuple[CallResult, PictureUrls] | None:
    """Await the call, render and store its pictures, and record the success in the history.

    None if the person has stopped waiting, even while the pictures were rendered, because nothing may be stored for a
    session that was deleted. Raises the call's error.
    """
    if not handle.abandoned:
        result = await handle.result()
        pair = await render_pair(result)
    if handle.abandoned:
        return None
    pictures = store_pair(context.pictures, pair, build_file_name(result), caller.session_id)
    context.history.record_success(caller.session_id, result, pictures, fault, call_id=handle.call.id)
    return result, pictures


def record_failure(
    context: Context,
    request: RunRequest,
    target: CallTarget | None,
    unresolved_mode: str,
    explained: Explanation,
    handle: CallHandle | None,
) -> None:
    """Record the failure in the history, unless there was no photo, nobody waits, or it is recorded already.

    unresolved_mode: `CallTarget.mode` if there is no target.
    """
    is_unnecessary = handle.abandoned or handle.is_duplicate if handle else request.is_fetch_only
    if is_unnecessary or explained.slug == "photo_missing":
        return
    context.history.record_failure(
        request.caller.session_id,
        request.endpoint,
        target.mode if target else unresolved_mode,
        request.values,
        explained,
        request.fault,
        service=target.service if target else "",
        refetch_id=handle.call.id if handle and handle.call.can_refetch else FORCE_NONE,
    )


def render_run_receipt(context: Context, result: CallResult, language: str) -> Markup:
    """The privacy receipt of a result, as HTML."""
    recipient = context.service.targets.describe_recipient(result.endpoint.vendor_id)
    return render_receipt(result, context.settings.keep_minutes, recipient, language)


def render_wire(trace: Trace | None, endpoint: Endpoint, values: Values, target: CallTarget, language: str) -> Markup:
    """The inspector of a call, as HTML."""
    price_text = translate(f"vendors.{endpoint.vendor_id}.price", language)
    return render_inspector(trace, render_samples(endpoint, values, target), language, price_text)


def render_failed_wire(error: Exception, request: RunRequest, target: CallTarget | None) -> Markup:
    """The inspector of a call that failed; "" if nothing was sent."""
    trace = getattr(error, "trace", None)
    if request.is_fetch_only or target is None or not isinstance(trace, Trace):
        return EMPTY_HTML
    values = request.endpoint.validate(request.values)
    return render_wire(trace, request.endpoint, values, target, request.language)
