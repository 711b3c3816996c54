"""What a click on a panel's button does: hand in the call, show where it is, then its end, whatever that is."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

from ...calls import run_log
from ...calls.pipeline import Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, ValueRejected
from ...domain.explanations import explain
from ...domain.model import CallTarget
from ...inspector import Trace, render_inspector, render_samples
from ...redaction.secrets import format_stack_trace
from ..context import Context
from . import stage
from .naming import build_file_name
from .onward import build_fallback, is_network_failure
from .pictures import render_pair, store_pair
from .receipt import render_receipt
from .run import RunRequest
from .screen import ScreenUpdate, build_update, describe_repeat

log = logging.getLogger(__name__)


async def stream(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The screen at each step of `run`, and at its end."""
    yield build_update(stage.render_progress(Phase.PREPARE, 0, request.provider, "", request.language))
    is_billable = _is_billable(context, request)
    handle: CallHandle | None = None
    target: CallTarget | None = None
    network_error: DemoError | None = None
    try:
        target = await _resolve_target(context, request)
        ledger = context.failure_lab.ledger if target.is_failure_lab else context.ledger
        handle = await context.start_call(
            request.endpoint,
            await context.read_upload(request.photo, request.caller),
            request.values,
            target=target,
            caller=request.caller,
            consent=request.consent,
            force=request.force,
            ledger=ledger,
        )
        async for update in stream_call(context, request, target, handle):
            yield update
    except Exception as error:  # every failure ends as an explanation on the screen
        if not (handle and (handle.abandoned or handle.is_duplicate)):
            mode = (
                target.mode if target else "lab" if request.fault is not None else "live" if is_billable else "offline"
            )
            explained = explain(error, request.language, is_billable=is_billable)
            context.history.record_failure(
                request.caller.session_id, request.endpoint, mode, request.values, explained, request.fault
            )
        if isinstance(error, DemoError) and _should_fall_back(request, target, error):
            network_error = error
        else:
            yield render_failure(request, error, handle, target, is_billable=is_billable)
    finally:
        if handle:
            handle.release()
    if network_error is not None:
        call_id = handle.call_id if handle else FORCE_NONE
        fallback = build_fallback(
            network_error, call_id, describe_repeat("repeated_failure", handle, request.language), request.language
        )
        async for update in stream(context, replace(request, force_offline=True, fallback=fallback)):
            yield update


def _should_fall_back(request: RunRequest, target: CallTarget | None, error: DemoError) -> bool:
    """Whether the offline engine takes over within the same click."""
    return request.is_kiosk and target is not None and target.mode == "live" and is_network_failure(error)


def _is_billable(context: Context, request: RunRequest) -> bool:
    """Whether `run` may cost money, be it the lab's."""
    is_failure_lab = request.fault is not None
    return not request.force_offline and (
        is_failure_lab or context.targets.with_visitor_keys(request.visitor_keys).is_live(request.endpoint.provider)
    )


async def _resolve_target(context: Context, request: RunRequest) -> CallTarget:
    provider = request.endpoint.provider
    if request.force_offline:
        return context.targets.resolve_offline(provider)
    if request.fault is not None:
        return await context.failure_lab.create_target(provider, request.fault)
    return context.targets.with_visitor_keys(request.visitor_keys).resolve(provider)


async def stream_call(
    context: Context, request: RunRequest, target: CallTarget, handle: CallHandle
) -> AsyncIterator[ScreenUpdate]:
    """The screen while the call of `ticket` is under way, and with its result. Raises what it ends in."""
    async for phase, remaining_s in handle.stream_progress():
        html = stage.render_progress(phase, remaining_s, request.provider, target.mode, request.language)
        yield build_update(html, *(["stop"] if target.is_billable else []))
    if not handle.abandoned:
        result = await handle.result()
        pair = await render_pair(result)
    if handle.abandoned:  # also while the pictures were made: whoever has deleted everything must find nothing new
        yield build_update(stage.render_stopped(handle.is_sent, request.language), call_id=handle.call_id)
        return
    pictures = store_pair(context.pictures, pair, build_file_name(result), request.caller.session_id)
    context.history.record_success(request.caller.session_id, result, pictures, request.fault)
    remark = request.fallback.remark if request.fallback else describe_repeat("repeated", handle, request.language)
    settings = context.settings
    receipt_html = render_receipt(
        result, settings.keep_minutes, settings.recipient(request.endpoint.provider), request.language
    )
    html = stage.render_comparison(result, pictures, request.provider, request.language, remark, receipt_html)
    html += render_inspector(result.trace, render_samples(request.endpoint, result.values, target), request.language)
    if request.fallback:
        yield build_update(html, *request.fallback.actions, call_id=request.fallback.call_id)
    else:
        yield build_update(
            html, *(["again"] if target.is_billable and handle.is_duplicate else []), call_id=handle.call_id
        )


def render_failure(
    request: RunRequest, error: Exception, handle: CallHandle | None, target: CallTarget | None, *, is_billable: bool
) -> ScreenUpdate:
    """The explanation of `error`, what went over the wire if anything did, and what can be done next."""
    run_log.log_unattributed_failure(error, request.endpoint.id)
    if not isinstance(error, DemoError):
        log.error("%s failed\n%s", request.endpoint.id, format_stack_trace(error))
    explained = explain(error, request.language, is_billable=is_billable)
    remark = (
        request.fallback.remark if request.fallback else describe_repeat("repeated_failure", handle, request.language)
    )
    html = stage.render_explanation(explained, request.language, remark)
    if isinstance(error, DemoError) and isinstance(error.trace, Trace) and target:
        html += render_inspector(
            error.trace,
            render_samples(request.endpoint, request.endpoint.validate(request.values), target),
            request.language,
        )
    if request.fallback:
        return build_update(html, *request.fallback.actions, call_id=request.fallback.call_id)
    can_retry = is_billable and may_be_billed(error)
    can_run_offline = is_billable and not isinstance(error, ImageRejected | ValueRejected)
    actions = [name for name, may in (("retry", can_retry), ("offline", can_run_offline)) if may]
    return build_update(html, *actions, call_id=handle.call_id if handle else FORCE_NONE)
