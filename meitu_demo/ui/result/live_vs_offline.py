"""Live versus offline: one click starts both runs at once; each side shows its progress, then its result or failure.

The live run is a paid call like any other: consent, caps, ledger and single flight apply. A failure of one side does
not affect the other.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

from markupsafe import Markup

from ...calls.pipeline import CallResult, Phase
from ...calls.run_log import report_failure
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.errors import ImageRejected, ValueRejected
from ...domain.model import CallTarget
from ...domain.translations import translate
from ...engine.imaging.comparison import MAX_ASPECT_DIFFERENCE
from ...photos.safe_open import format_file_size
from ..context import Context
from ..html import render
from . import result_view
from .pictures import PictureUrls
from .run_stream import (
    RunRequest,
    ScreenUpdate,
    build_update,
    describe_repeat,
    finish_run,
    list_paid_actions,
    record_failure,
    render_failed_wire,
    render_failure,
    render_run_receipt,
    render_wire,
)

LegMode = Literal["live", "offline"]


@dataclass(slots=True)
class LegView:
    """One side of the screen.

    maker: who makes the result. html: its progress, picture or explanation. result, picture: None until there is a
    result. remark: a text above it. details_html: for below both sides.
    """

    mode: LegMode
    html: Markup
    result: CallResult | None = None
    picture: PictureUrls | None = None
    remark: str = ""
    details_html: Markup = field(default_factory=Markup)
    maker: str = ""


def render_side_by_side(views: tuple[LegView, LegView], vendor_name: str, language: str) -> Markup:
    """Both sides, the live one first; below them, folded, an overlay of both results if they have the same frame.

    vendor_name: the vendor's name.
    """
    sides = [
        {
            "mode": view.mode,
            "maker": view.maker or describe_maker(view.mode, vendor_name, language),
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


def describe_maker(mode: str, vendor_name: str, language: str) -> str:
    """A text for who makes the result."""
    return translate(f"live_vs_offline.{mode}", language, vendor=vendor_name)


def render_result(result: CallResult, picture: PictureUrls, maker_name: str, language: str) -> Markup:
    """The picture of one side."""
    name = translate(f"panels.{result.endpoint.id}.tab", language)
    alt_text = translate("live_vs_offline.alt", language, name=name, maker=maker_name)
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
    ratios = [result.result_photo.width / result.result_photo.height for result in (first, second)]
    return abs(ratios[0] / ratios[1] - 1) <= MAX_ASPECT_DIFFERENCE


class Leg:
    """One of the two calls, and its side of the screen."""

    def __init__(self, context: Context, request: RunRequest, mode: LegMode, update_event: asyncio.Event) -> None:
        self.view = LegView(mode, result_view.render_progress(Phase.PREPARE, 0, "", "", request.language))
        self.handle: CallHandle | None = None
        self.error: Exception | None = None
        self._context = context
        self._request = request
        self._update_event = update_event

    async def execute(self, photo: bytes) -> None:
        """Run the call; `view` ends with a result or an explanation. Raises only CancelledError."""
        target: CallTarget | None = None
        request, service = self._request, self._context.service
        try:
            target = await service.choose_target(
                request.endpoint.vendor_id,
                payer=request.payer,
                mode=self.view.mode,
                visitor_keys=request.visitor_keys,
            )
            name = request.describe_service(target)
            self.view.maker = describe_maker(self.view.mode, name, request.language)
            self.handle = await service.start(
                request.endpoint, photo, request.values, target=target, caller=request.caller, consent=request.consent
            )
            async for phase, remaining_s in self.handle.stream_progress():
                self._update_view(result_view.render_progress(phase, remaining_s, name, target.mode, request.language))
            finished = await finish_run(self._context, self.handle, request.caller)
            if finished is None:
                self._update_view(result_view.render_stopped(self.handle.call.is_sent, request.language))
            else:
                self._show_result(*finished, target)
        except Exception as error:  # every failure ends as an explanation on its side
            self._show_failure(error, target)
        finally:
            if self.handle:
                self.handle.release()

    def clear_if_deleted(self) -> None:
        """Replace the result if its picture was deleted while the other side was still running."""
        picture = self.view.picture
        if picture and self._context.pictures.get(picture.token) is None:
            stopped_html = result_view.render_stopped(False, self._request.language)
            self.view = LegView(self.view.mode, stopped_html, maker=self.view.maker)

    def _update_view(self, html: Markup) -> None:
        self.view.html = html
        self._update_event.set()

    def _show_result(self, result: CallResult, picture: PictureUrls, target: CallTarget) -> None:
        request, language = self._request, self._request.language
        self.view.result, self.view.picture = result, picture
        self.view.remark = describe_repeat("repeated", self.handle, language)
        self.view.details_html = render_run_receipt(self._context, result, language)
        self.view.details_html += render_wire(result.trace, request.endpoint, result.values, target, language)
        self._update_view(render_result(result, picture, self.view.maker, language))

    def _show_failure(self, error: Exception, target: CallTarget | None) -> None:
        request, mode = self._request, self.view.mode
        self.error = error
        explained = report_failure(error, request.language, endpoint=request.endpoint.id, is_billable=mode == "live")
        record_failure(self._context, request, target, mode, explained, self.handle)
        self.view.details_html = render_failed_wire(error, request, target)
        remark = describe_repeat("repeated_failure", self.handle, request.language)
        self._update_view(result_view.render_explanation(explained, request.language, remark))


async def stream_both(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The updates of the screen while the two calls run, and at the end."""
    update_event = asyncio.Event()
    modes: tuple[LegMode, LegMode] = ("live", "offline")
    live_leg, offline_leg = legs = tuple(Leg(context, request, mode, update_event) for mode in modes)

    def render_both() -> Markup:
        return render_side_by_side((live_leg.view, offline_leg.view), request.describe_service(None), request.language)

    def render_shared_failure(error: Exception) -> ScreenUpdate:
        explained = report_failure(error, request.language, endpoint=request.endpoint.id)
        return render_failure(request, error, explained, None, None, is_billable=True)

    yield build_update(render_both())
    try:
        photo = await context.read_upload(request.photo, request.caller)
    except ImageRejected as error:  # before either call
        yield render_shared_failure(error)
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
            task.cancel()  # no effect on a task that has ended, and a call that was sent is still completed
        await asyncio.gather(*tasks, return_exceptions=True)
    rejections = [leg.error for leg in legs if isinstance(leg.error, ImageRejected | ValueRejected)]
    if len(rejections) == len(legs):  # one reason for both sides
        yield render_shared_failure(rejections[0])
        return
    for leg in legs:
        leg.clear_if_deleted()
    call_id = live_leg.handle.call.id if live_leg.handle else FORCE_NONE
    yield build_update(render_both(), *_list_actions(live_leg), call_id=call_id)


def _list_actions(live_leg: Leg) -> list[str]:
    """The next actions for the live call."""
    if live_leg.error is not None:
        return list(list_paid_actions(live_leg.error, live_leg.handle))
    return ["again"] if live_leg.handle and live_leg.handle.is_duplicate and not live_leg.handle.abandoned else []
