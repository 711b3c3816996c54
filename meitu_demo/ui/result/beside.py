"""Live beside offline: one click makes both runs at the same time; each side shows where it is, then its own end.

The live one is a paid call like any other: it goes by desk, ledger, consent and caps, is joined by a repeated click,
and is shown again for nothing where its end is known. What becomes of one side is nothing to the other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator

from ...calls.pipeline import CallResult, Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...calls.targets import KEY_SETTINGS
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, MissingKey, ValueRejected
from ...domain.explanations import explain
from ...domain.model import CallTarget
from ...inspector import Trace, render_inspector, render_samples
from ...redaction.secrets import format_stack_trace
from ..context import Context
from . import sides, stage
from .naming import build_file_name
from .pictures import RenderedPair, render_pair, store_pair
from .receipt import render_receipt
from .run import RunRequest
from .runs import render_failure
from .screen import ScreenUpdate, build_update, describe_repeat
from .sides import LegView, render_side_by_side

log = logging.getLogger(__name__)


class Leg:
    """One of the two runs, and the side of the screen that is its."""

    def __init__(self, context: Context, request: RunRequest, mode: str, update_event: asyncio.Event) -> None:
        self.view = LegView(mode, stage.render_progress(Phase.PREPARE, 0, request.provider, "", request.language))
        self.handle: CallHandle | None = None
        self.error: Exception | None = None
        self.picture_token = ""
        self._context = context
        self._request = request
        self._update_event = update_event

    async def execute(self, photo: bytes) -> None:
        """From the photo's bytes to a result or an explanation on `view`; raises nothing but a cancellation."""
        target: CallTarget | None = None
        request = self._request
        try:
            target = self._resolve_target()
            self.handle = await self._context.start_call(
                request.endpoint, photo, request.values, target=target, caller=request.caller, consent=request.consent
            )
            async for phase, remaining_s in self.handle.stream_progress():
                self._update_view(
                    stage.render_progress(phase, remaining_s, request.provider, target.mode, request.language)
                )
            if not self.handle.abandoned:
                result = await self.handle.result()
                pair = await render_pair(result)
            if self.handle.abandoned:  # whoever has deleted everything meanwhile must find nothing new
                self._update_view(stage.render_stopped(self.handle.is_sent, request.language))
            else:
                self._store_result(result, pair, target)
        except Exception as error:  # every failure ends as an explanation on its side
            self._show_failure(error, target)
        finally:
            if self.handle:
                self.handle.release()

    def clear_if_deleted(self) -> None:
        """Whoever has deleted everything while the other side went on gets no empty frame here."""
        if self.picture_token and self._context.pictures.get(self.picture_token) is None:
            self.view = LegView(self.view.mode, stage.render_stopped(False, self._request.language))

    def _resolve_target(self) -> CallTarget:
        """Raises MissingKey: a page without keys hides the button, which stops no program."""
        provider, resolver = (
            self._request.endpoint.provider,
            self._context.targets.with_visitor_keys(self._request.visitor_keys),
        )
        if self.view.mode == "offline":
            return resolver.resolve_offline(provider)
        target = resolver.resolve_live(provider)
        if target is None:
            raise MissingKey(provider=provider, setting=KEY_SETTINGS[provider])
        return target

    def _update_view(self, html: str) -> None:
        self.view.html = html
        self._update_event.set()

    def _store_result(self, result: CallResult, pair: RenderedPair, target: CallTarget) -> None:
        request, settings = self._request, self._context.settings
        picture = store_pair(self._context.pictures, pair, build_file_name(result), request.caller.session_id)
        self._context.history.record_success(request.caller.session_id, result, picture)
        self.picture_token = picture.after.split("/")[1]
        self.view.result, self.view.picture = result, picture
        self.view.remark = describe_repeat("repeated", self.handle, request.language)
        recipient = settings.recipient(request.endpoint.provider)
        self.view.details_html = render_receipt(result, settings.keep_minutes, recipient, request.language)
        self.view.details_html += render_inspector(
            result.trace, render_samples(request.endpoint, result.values, target), request.language
        )
        maker_name = sides.describe_maker(self.view.mode, request.provider, request.language)
        self._update_view(sides.render_result(result, picture, maker_name, request.language))

    def _show_failure(self, error: Exception, target: CallTarget | None) -> None:
        request = self._request
        self.error = error
        if not isinstance(error, DemoError):
            log.error("%s failed\n%s", request.endpoint.id, format_stack_trace(error))
        elif isinstance(error.trace, Trace) and target:
            self.view.details_html = render_inspector(
                error.trace,
                render_samples(request.endpoint, request.endpoint.validate(request.values), target),
                request.language,
            )
        explained = explain(error, request.language, is_billable=self.view.mode == "live")
        if not (self.handle and (self.handle.abandoned or self.handle.is_duplicate)):
            self._context.history.record_failure(
                request.caller.session_id, request.endpoint, self.view.mode, request.values, explained
            )
        remark = describe_repeat("repeated_failure", self.handle, request.language)
        self._update_view(stage.render_explanation(explained, request.language, remark))


async def stream_both(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The screen at each step of the two runs that `run` stands for, and at their ends."""
    update_event = asyncio.Event()
    live_leg, offline_leg = legs = tuple(Leg(context, request, mode, update_event) for mode in ("live", "offline"))

    def render_both() -> str:
        return render_side_by_side((live_leg.view, offline_leg.view), request.provider, request.language)

    yield build_update(render_both())
    try:
        photo = await context.read_upload(request.photo, request.caller)
    except ImageRejected as error:  # nothing to put side by side
        yield render_failure(request, error, None, None, is_billable=True)
        return
    tasks = [asyncio.create_task(half.execute(photo)) for half in legs]
    for task in tasks:
        task.add_done_callback(lambda _: update_event.set())
    try:
        while not all(task.done() for task in tasks):
            await update_event.wait()
            update_event.clear()
            yield build_update(render_both(), *([] if tasks[0].done() else ["stop"]))
    finally:
        for task in tasks:
            task.cancel()  # nothing, where it has ended; what was sent goes on to its end without us
        await asyncio.gather(*tasks, return_exceptions=True)
    rejections = [half.error for half in legs if isinstance(half.error, ImageRejected | ValueRejected)]
    if len(rejections) == len(legs):  # one reason for both, which belongs to neither
        yield render_failure(request, rejections[0], None, None, is_billable=True)
        return
    for half in legs:
        half.clear_if_deleted()
    call_id = live_leg.handle.call_id if live_leg.handle else FORCE_NONE
    yield build_update(render_both(), *_list_actions(live_leg), call_id=call_id)


def _list_actions(live_leg: Leg) -> list[str]:
    """What may be done about the live call from here on."""
    if live_leg.error is not None:
        return ["retry"] if may_be_billed(live_leg.error) else []
    return ["again"] if live_leg.handle and live_leg.handle.is_duplicate and not live_leg.handle.abandoned else []
