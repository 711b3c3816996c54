"""Live versus offline: one click starts both runs at once; each side shows its progress, then its result or failure.

The live run is a paid call like any other: consent, caps, ledger and single flight apply. The sides are independent:
a failure of one does not touch the other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from markupsafe import Markup

from ...calls.pipeline import CallResult, Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, MissingKey, ValueRejected
from ...domain.explanations import explain
from ...domain.model import CallTarget
from ...domain.translations import translate
from ...engine.imaging.comparison import MAX_ASPECT_DIFFERENCE
from ...inspector import Trace, render_samples
from ...photos.safe_open import format_file_size
from ...redaction.secrets import format_stack_trace
from ...vendors import VENDORS
from ..context import Context
from ..html import render
from . import result_view
from .facts import build_file_name, render_receipt
from .inspector_view import render_inspector
from .pictures import RenderedPair, render_pair, store_pair
from .run_stream import RunRequest, ScreenUpdate, build_update, describe_repeat, render_failure


@dataclass(slots=True)
class LegView:
    """One side of the screen. mode: "live" or "offline".

    html: its progress, picture or explanation. result and picture (URLs): once there is a result. remark: a text.
    details_html: belongs below, across both sides.
    """

    mode: str
    html: Markup
    result: CallResult | None = None
    picture: result_view.PictureUrls | None = None
    remark: str = ""
    details_html: Markup = field(default_factory=Markup)


def render_side_by_side(views: tuple[LegView, LegView], provider: str, language: str) -> Markup:
    """Both sides, the live one first, and folded below them one over the other if they have the same frame.

    provider: the vendor's name.
    """
    sides = [
        {
            "mode": view.mode,
            "maker": describe_maker(view.mode, provider, language),
            "html": view.html,
            "remark": view.remark,
            "facts": _list_facts(view.result, language) if view.result and view.picture else [],
            "picture": view.picture,
            "details_html": view.details_html,
        }
        for view in views
    ]
    results = [view.result for view in views if view.result and view.picture]
    overlay = None
    if len(results) == len(views) and is_same_frame(*results):
        overlay = {"size": (results[0].result_photo.width, results[0].result_photo.height)}
    return render("side_by_side.side_by_side", language, sides=sides, overlay=overlay)


def describe_maker(mode: str, provider: str, language: str) -> str:
    """Who makes it, in words."""
    return translate(f"beside.{mode}", language, provider=provider)


def render_result(result: CallResult, picture: result_view.PictureUrls, maker_name: str, language: str) -> Markup:
    """The picture of one side."""
    name = translate(f"panels.{result.endpoint.id}.tab", language)
    alt_text = translate("beside.alt", language, name=name, maker=maker_name)
    return render("side_by_side.picture", language, url=picture.after, alt_text=alt_text)


def _list_facts(call_result: CallResult, language: str) -> list[str]:
    photo = call_result.result_photo
    texts = [
        translate("result.seconds", language, seconds=f"{call_result.elapsed_s:.2f}"),
        f"{photo.width}×{photo.height}",
        format_file_size(len(photo.data)),
    ]
    return texts if call_result.mode == "offline" else [*texts, translate("result.paid", language)]


def is_same_frame(first: CallResult, second: CallResult) -> bool:
    """Whether two results can be laid over each other: their aspect ratios differ by rounding only."""
    ratios = [outcome.result_photo.width / outcome.result_photo.height for outcome in (first, second)]
    return abs(ratios[0] / ratios[1] - 1) <= MAX_ASPECT_DIFFERENCE


log = logging.getLogger(__name__)


class Leg:
    """One of the two runs, and its side of the screen."""

    def __init__(self, context: Context, request: RunRequest, mode: str, update_event: asyncio.Event) -> None:
        self.view = LegView(mode, result_view.render_progress(Phase.PREPARE, 0, request.provider, "", request.language))
        self.handle: CallHandle | None = None
        self.error: Exception | None = None
        self.picture_token = ""
        self._context = context
        self._request = request
        self._update_event = update_event

    async def execute(self, photo: bytes) -> None:
        """Run the call; `view` ends with a result or an explanation. Raises nothing but CancelledError."""
        target: CallTarget | None = None
        request = self._request
        try:
            target = self._resolve_target()
            self.handle = await self._context.start_call(
                request.endpoint, photo, request.values, target=target, caller=request.caller, consent=request.consent
            )
            async for phase, remaining_s in self.handle.stream_progress():
                self._update_view(
                    result_view.render_progress(phase, remaining_s, request.provider, target.mode, request.language)
                )
            if not self.handle.abandoned:
                result = await self.handle.result()
                pair = await render_pair(result)
            if self.handle.abandoned:  # after "delete everything" nothing new may be stored
                self._update_view(result_view.render_stopped(self.handle.is_sent, request.language))
            else:
                self._store_result(result, pair, target)
        except Exception as error:  # every failure becomes an explanation
            self._show_failure(error, target)
        finally:
            if self.handle:
                self.handle.release()

    def clear_if_deleted(self) -> None:
        """No empty frame where the pictures were deleted while the other side went on."""
        if self.picture_token and self._context.pictures.get(self.picture_token) is None:
            self.view = LegView(self.view.mode, result_view.render_stopped(False, self._request.language))

    def _resolve_target(self) -> CallTarget:
        """Raises MissingKey: the page hides its button without keys, but a program can still call this."""
        provider, resolver = (
            self._request.endpoint.provider,
            self._context.targets.with_visitor_keys(self._request.visitor_keys),
        )
        if self.view.mode == "offline":
            return resolver.resolve_offline(provider)
        target = resolver.resolve_live(provider)
        if target is None:
            raise MissingKey(provider=provider, setting=VENDORS[provider].key_setting)
        return target

    def _update_view(self, html: Markup) -> None:
        self.view.html = html
        self._update_event.set()

    def _store_result(self, result: CallResult, pair: RenderedPair, target: CallTarget) -> None:
        request, settings = self._request, self._context.settings
        picture = store_pair(self._context.pictures, pair, build_file_name(result), request.caller.session_id)
        self._context.history.record_success(request.caller.session_id, result, picture)
        self.picture_token = picture.after.split("/")[1]
        self.view.result, self.view.picture = result, picture
        self.view.remark = describe_repeat("repeated", self.handle, request.language)
        recipient = VENDORS[request.endpoint.provider].get_recipient(settings)
        self.view.details_html = render_receipt(result, settings.keep_minutes, recipient, request.language)
        self.view.details_html += render_inspector(
            result.trace, render_samples(request.endpoint, result.values, target), request.language
        )
        maker_name = describe_maker(self.view.mode, request.provider, request.language)
        self._update_view(render_result(result, picture, maker_name, request.language))

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
        self._update_view(result_view.render_explanation(explained, request.language, remark))


async def stream_both(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The screen at each step of both runs, and at the end."""
    update_event = asyncio.Event()
    live_leg, offline_leg = legs = tuple(Leg(context, request, mode, update_event) for mode in ("live", "offline"))

    def render_both() -> Markup:
        return render_side_by_side((live_leg.view, offline_leg.view), request.provider, request.language)

    yield build_update(render_both())
    try:
        photo = await context.read_upload(request.photo, request.caller)
    except ImageRejected as error:  # one reason for both
        yield render_failure(request, error, None, None, is_billable=True)
        return
    tasks = [asyncio.create_task(leg.execute(photo)) for leg in legs]
    for task in tasks:
        task.add_done_callback(lambda _: update_event.set())
    try:
        while not all(task.done() for task in tasks):
            await update_event.wait()
            update_event.clear()
            yield build_update(render_both(), *([] if tasks[0].done() else ["stop"]))
    finally:
        for task in tasks:
            task.cancel()  # no effect on one that ended; a sent request goes on without us
        await asyncio.gather(*tasks, return_exceptions=True)
    rejections = [leg.error for leg in legs if isinstance(leg.error, ImageRejected | ValueRejected)]
    if len(rejections) == len(legs):  # the same reason twice is told once
        yield render_failure(request, rejections[0], None, None, is_billable=True)
        return
    for leg in legs:
        leg.clear_if_deleted()
    call_id = live_leg.handle.call_id if live_leg.handle else FORCE_NONE
    yield build_update(render_both(), *_list_actions(live_leg), call_id=call_id)


def _list_actions(live_leg: Leg) -> list[str]:
    """What can be done about the live call now."""
    if live_leg.error is not None:
        return ["retry"] if may_be_billed(live_leg.error) else []
    return ["again"] if live_leg.handle and live_leg.handle.is_duplicate and not live_leg.handle.abandoned else []
