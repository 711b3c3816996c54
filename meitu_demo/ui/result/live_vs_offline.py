"""Live versus offline: one click starts both calls; each side shows its progress, then its result or explanation.

The live call is a paid call like any other: consent, caps and single flight apply. The sides do not affect each other.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape
from typing import Literal

from ...calls.pipeline import CallResult, Phase
from ...calls.run_log import report_failure
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import may_be_billed
from ...domain.errors import ImageRejected, ValueRejected
from ...domain.model import CallTarget
from ...domain.translations import translate
from ...engine.imaging.comparison import MAX_ASPECT_DIFFERENCE
from ...photos.safe_open import format_file_size
from ..context import Context
from . import result_view
from .run_stream import (
    RunRequest,
    ScreenUpdate,
    build_update,
    describe_repeat,
    finish_run,
    record_failure,
    render_failed_wire,
    render_failure,
    render_run_receipt,
    render_wire,
)

LegMode = Literal["live", "offline"]


@dataclass(slots=True)
class LegView:
    """One side as it stands.

    html: progress, picture or explanation. remark: plain text. details_html: goes below, across both sides.
    """

    mode: LegMode
    html: str
    result: CallResult | None = None
    picture: result_view.PictureUrls | None = None
    remark: str = ""
    details_html: str = ""


def render_side_by_side(views: tuple[LegView, LegView], provider: str, language: str) -> str:
    """Both sides, the live one first, and one laid over the other if they have the same frame.

    provider: the vendor's name.
    """
    columns = "".join(_render_column(side, provider, language) for side in views)
    details_html = "".join(
        f"<section><h4>{escape(describe_maker(side.mode, provider, language))}</h4>{side.details_html}</section>"
        for side in views
        if side.details_html
    )
    details_html = f'<div class="sides-more">{details_html}</div>' if details_html else ""
    return f'<div class="sides">{columns}</div>{_render_overlay(views, provider, language)}{details_html}'


def describe_maker(mode: str, provider: str, language: str) -> str:
    """Who makes the result, in words."""
    return translate(f"beside.{mode}", language, provider=provider)


def render_result(result: CallResult, picture: result_view.PictureUrls, maker_name: str, language: str) -> str:
    """A side's picture."""
    name = translate(f"panels.{result.endpoint.id}.tab", language)
    alt = translate("beside.alt", language, name=name, maker=maker_name)
    return (
        f'<div class="stage result"><img class="whole" src="{escape(picture.after)}" alt="{escape(alt)}" '
        f'decoding="sync"></div>'
    )


def _render_column(view: LegView, provider: str, language: str) -> str:
    name = escape(describe_maker(view.mode, provider, language))
    facts = _render_facts(view.result, view.picture, language) if view.result and view.picture else ""
    remark = result_view.render_remark(view.remark) if view.remark else ""
    return (
        f'<section class="side" aria-label="{name}"><p><span class="badge {view.mode}">{name}</span></p>'
        f"{view.html}{remark}{facts}</section>"
    )


def _render_facts(call_result: CallResult, picture: result_view.PictureUrls, language: str) -> str:
    photo = call_result.result_photo
    texts = [
        translate("result.seconds", language, seconds=f"{call_result.elapsed_s:.2f}"),
        f"{photo.width}×{photo.height}",
        format_file_size(len(photo.data)),
    ]
    if call_result.mode != "offline":
        texts.append(translate("result.paid", language))
    download_label = escape(translate("result.download", language))
    return (
        f'<div class="facts">{"".join(f"<span>{escape(text)}</span>" for text in texts)}'
        f'<a class="download" href="{escape(picture.download)}" download="{escape(picture.file_name)}">{download_label}</a></div>'  # noqa: E501
    )


def _render_overlay(views: tuple[LegView, LegView], provider: str, language: str) -> str:
    """Folded: one result over the other, with a divider; "" unless there are both and they have the same frame."""
    results = [(side.result, side.picture) for side in views if side.result and side.picture]
    if len(results) < len(views) or not is_same_frame(results[0][0], results[1][0]):
        return ""
    (result, live_picture), (_, offline_picture) = results
    size = result.result_photo
    names = [escape(describe_maker(side.mode, provider, language)) for side in views]
    image = '<img src="{}" alt="{}" decoding="sync" draggable="false">'
    return f"""<details class="overlay"><summary>{escape(translate("beside.overlay", language))}</summary>
<figure class="compare" data-view="divider" style="--w:{size.width};--h:{size.height}">
  {image.format(escape(live_picture.after), names[0])}
  <div class="before">{image.format(escape(offline_picture.after), names[1])}</div>
  <span class="tag left">{names[1]}</span><span class="tag right">{names[0]}</span>
  <input type="range" min="0" max="100" value="50" aria-label="{escape(translate("beside.move", language))}">
</figure></details>"""


def is_same_frame(first: CallResult, second: CallResult) -> bool:
    """Whether two results can lie over each other: their aspect ratios differ by no more than rounding."""
    ratios = [outcome.result_photo.width / outcome.result_photo.height for outcome in (first, second)]
    return abs(ratios[0] / ratios[1] - 1) <= MAX_ASPECT_DIFFERENCE


class Leg:
    """One of the two calls, and its side of the screen."""

    def __init__(self, context: Context, request: RunRequest, mode: LegMode, update_event: asyncio.Event) -> None:
        self.view = LegView(mode, result_view.render_progress(Phase.PREPARE, 0, request.provider, "", request.language))
        self.handle: CallHandle | None = None
        self.error: Exception | None = None
        self._context = context
        self._request = request
        self._update_event = update_event

    async def execute(self, photo: bytes) -> None:
        """Run the call; `view` ends with a result or an explanation. Raises nothing but a cancellation."""
        target: CallTarget | None = None
        request, service = self._request, self._context.service
        try:
            target = await service.choose_target(
                request.endpoint.provider, mode=self.view.mode, visitor_keys=request.visitor_keys
            )
            self.handle = await service.start(
                request.endpoint, photo, request.values, target=target, caller=request.caller, consent=request.consent
            )
            async for phase, remaining_s in self.handle.stream_progress():
                self._update_view(
                    result_view.render_progress(phase, remaining_s, request.provider, target.mode, request.language)
                )
            finished = await finish_run(self._context, self.handle, request.caller)
            if finished is None:
                self._update_view(result_view.render_stopped(self.handle.is_sent, request.language))
            else:
                self._show_result(*finished, target)
        except Exception as error:  # every failure ends as an explanation on its side
            self._show_failure(error, target)
        finally:
            if self.handle:
                self.handle.release()

    def clear_if_deleted(self) -> None:
        """Without its picture the side shows no empty frame: everything was deleted while the other side went on."""
        picture = self.view.picture
        if picture and self._context.pictures.get(picture.token) is None:
            self.view = LegView(self.view.mode, result_view.render_stopped(False, self._request.language))

    def _update_view(self, html: str) -> None:
        self.view.html = html
        self._update_event.set()

    def _show_result(self, result: CallResult, picture: result_view.PictureUrls, target: CallTarget) -> None:
        request, language = self._request, self._request.language
        self.view.result, self.view.picture = result, picture
        self.view.remark = describe_repeat("repeated", self.handle, language)
        self.view.details_html = render_run_receipt(self._context, result, language)
        self.view.details_html += render_wire(result.trace, request.endpoint, result.values, target, language)
        maker_name = describe_maker(self.view.mode, request.provider, language)
        self._update_view(render_result(result, picture, maker_name, language))

    def _show_failure(self, error: Exception, target: CallTarget | None) -> None:
        request, mode = self._request, self.view.mode
        self.error = error
        explained = report_failure(error, request.language, endpoint=request.endpoint.id, is_billable=mode == "live")
        record_failure(self._context, request, mode, explained, self.handle)
        self.view.details_html = render_failed_wire(error, request, target)
        remark = describe_repeat("repeated_failure", self.handle, request.language)
        self._update_view(result_view.render_explanation(explained, request.language, remark))


async def stream_both(context: Context, request: RunRequest) -> AsyncIterator[ScreenUpdate]:
    """The screen at each step of the two calls, and at their ends."""
    update_event = asyncio.Event()
    modes: tuple[LegMode, LegMode] = ("live", "offline")
    live_leg, offline_leg = legs = tuple(Leg(context, request, mode, update_event) for mode in modes)

    def render_both() -> str:
        return render_side_by_side((live_leg.view, offline_leg.view), request.provider, request.language)

    def render_shared_failure(error: Exception) -> ScreenUpdate:
        explained = report_failure(error, request.language, endpoint=request.endpoint.id)
        return render_failure(request, error, explained, None, None, is_billable=True)

    yield build_update(render_both())
    try:
        photo = await context.read_upload(request.photo, request.caller)
    except ImageRejected as error:  # nothing to put side by side
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
            task.cancel()  # no effect on one that has ended; a call that was sent goes on to its end
        await asyncio.gather(*tasks, return_exceptions=True)
    rejections = [leg.error for leg in legs if isinstance(leg.error, ImageRejected | ValueRejected)]
    if len(rejections) == len(legs):  # one reason for both sides
        yield render_shared_failure(rejections[0])
        return
    for leg in legs:
        leg.clear_if_deleted()
    call_id = live_leg.handle.call_id if live_leg.handle else FORCE_NONE
    yield build_update(render_both(), *_list_actions(live_leg), call_id=call_id)


def _list_actions(live_leg: Leg) -> list[str]:
    """What can be done next about the live call."""
    if live_leg.error is not None:
        return ["retry"] if may_be_billed(live_leg.error) else []
    return ["again"] if live_leg.handle and live_leg.handle.is_duplicate and not live_leg.handle.abandoned else []
