"""What a click on a panel's button does: hand in the call, show where it is, then its end, whatever that is."""

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import gradio as gr
from markupsafe import Markup

from ...calls import run_log
from ...calls.pipeline import Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, ValueRejected
from ...domain.explanations import explain
from ...domain.model import CallTarget, Credentials, Endpoint
from ...domain.translations import translate
from ...inspector import Trace, render_samples
from ...redaction.secrets import format_stack_trace
from ...vendors import VENDORS
from ..caller import Caller
from ..context import Context
from ..texts import detect_language
from . import result_view
from .facts import build_file_name, render_receipt
from .inspector_view import render_inspector
from .offline_fallback import Fallback, build_fallback, is_network_failure
from .pictures import render_pair, store_pair

# MERGED ui/result/run.py: One click on a panel's button, with everything that came with it.


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One click, with everything that came with it.

    fault: a rehearsal in the lab, and how it is to end. on_stage: the page says so of itself (/?stage=1), and anybody
    may say it; it decides no more than whether a live run that the network fails goes on offline. instead: of which.
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
    fault: str | None = None
    is_kiosk: bool = False
    fallback: Fallback | None = None

    @classmethod
    def from_inputs(
        cls,
        endpoint: Endpoint,
        request: gr.Request,
        inputs: tuple[Any, ...],
        *,
        force_offline: bool,
        is_repeat: bool,
        fault: str | None = None,
    ) -> "RunRequest":
        """From the values of a panel's inputs: photo, controls, consent, the tab, own keys, number of the last call."""
        photo, *rest, consent, tab, visitor_keys, call_id = inputs
        names = [control.name for control in endpoint.controls] if fault is None else []  # the lab takes the defaults
        values = dict(zip(names, rest, strict=True))
        force = call_id if is_repeat else FORCE_NONE
        caller = Caller.from_request(request, tab)
        language = detect_language(request)
        is_kiosk = request.query_params.get("stage") == "1"  # Gradio's page sends its own query with each event
        return cls(
            endpoint,
            caller,
            language,
            photo,
            values,
            visitor_keys,
            consent is True,
            force,
            force_offline,
            fault,
            is_kiosk,
        )

    @property
    def provider(self) -> str:
        """The vendor's name."""
        return translate(f"providers.{self.endpoint.provider}.name", self.language)


# MERGED ui/result/screen.py: What a run's events hand to the page: the stage with what can be done next, and the call
# that it shows.

ScreenUpdate = tuple[str, Any]  # the stage, with what can be done next; the number of the call that is shown


def describe_repeat(key: str, handle: CallHandle | None, language: str) -> str:
    """The words at `result.<key>` with how long ago the call was made; "" where it is no repeated one."""
    if handle is None or not handle.is_duplicate:
        return ""
    return translate(
        f"result.{key}", language, ago=result_view.format_ago(handle.started_at, datetime.now(UTC), language)
    )


def build_update(html: Markup, *actions: str, call_id: int = FORCE_NONE) -> ScreenUpdate:
    """`shown` with the buttons that can be used now."""
    return result_view.with_actions(html, actions), call_id or gr.skip()


log = logging.getLogger(__name__)


async def stream(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The screen at each step of `run`, and at its end."""
    yield build_update(result_view.render_progress(Phase.PREPARE, 0, request.provider, "", request.language))
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
        html = result_view.render_progress(phase, remaining_s, request.provider, target.mode, request.language)
        yield build_update(html, *(["stop"] if target.is_billable else []))
    if not handle.abandoned:
        result = await handle.result()
        pair = await render_pair(result)
    if handle.abandoned:  # also while the pictures were made: whoever has deleted everything must find nothing new
        yield build_update(result_view.render_stopped(handle.is_sent, request.language), call_id=handle.call_id)
        return
    pictures = store_pair(context.pictures, pair, build_file_name(result), request.caller.session_id)
    context.history.record_success(request.caller.session_id, result, pictures, request.fault)
    remark = request.fallback.remark if request.fallback else describe_repeat("repeated", handle, request.language)
    settings = context.settings
    receipt_html = render_receipt(
        result, settings.keep_minutes, VENDORS[request.endpoint.provider].get_recipient(settings), request.language
    )
    html = result_view.render_comparison(result, pictures, request.provider, request.language, remark, receipt_html)
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
    html = result_view.render_explanation(explained, request.language, remark)
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
