"""Live beside offline: one click makes both runs at the same time; each side shows where it is, then its own end.

The live one is a paid call like any other: it goes by desk, ledger, consent and caps, is joined by a repeated click,
and is shown again for nothing where its end is known. What becomes of one side is nothing to the other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html import escape

from ...calls.pipeline import CallResult, Phase
from ...calls.single_flight import FORCE_NONE, CallHandle
from ...domain.billing import may_be_billed
from ...domain.errors import DemoError, ImageRejected, MissingKey, ValueRejected
from ...domain.explanations import explain
from ...domain.model import CallTarget
from ...domain.translations import translate
from ...engine.imaging.comparison import MAX_ASPECT_DIFFERENCE
from ...inspector import Trace, render_inspector, render_samples
from ...photos.safe_open import format_file_size
from ...redaction.secrets import format_stack_trace
from ...vendors import VENDORS
from ..context import Context
from . import result_view
from .facts import build_file_name, render_receipt
from .pictures import RenderedPair, render_pair, store_pair
from .run_stream import RunRequest, ScreenUpdate, build_update, describe_repeat, render_failure

# MERGED ui/result/sides.py: Two runs side by side, as HTML: each with its maker on top and, below that, where it is or
# what it has ended in. Pure functions of words and facts; every text is escaped here, or comes as HTML from `stage`,
# `receipt` or `inspector`.


@dataclass(slots=True)
class LegView:
    """One of the two, as far as it has come. mode: "live" or "offline".

    shown: HTML of the stage's. outcome and picture (URLs): once there is a result. remark: a text. more: HTML that
    belongs below, across both.
    """

    mode: str
    html: str
    result: CallResult | None = None
    picture: result_view.PictureUrls | None = None
    remark: str = ""
    details_html: str = ""


def render_side_by_side(views: tuple[LegView, LegView], provider: str, language: str) -> str:
    """Both, the live one first; the second may be laid over the first where they have the same frame.

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
    """Who makes it, in words."""
    return translate(f"beside.{mode}", language, provider=provider)


def render_result(result: CallResult, picture: result_view.PictureUrls, maker_name: str, language: str) -> str:
    """A side's picture, in the room of a stage."""
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
    """Folded: one over the other with a divider between them; "" unless both are there and in the same frame."""
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
    """Whether two results may lie over each other: their sides' ratios differ by no more than rounding."""
    ratios = [outcome.result_photo.width / outcome.result_photo.height for outcome in (first, second)]
    return abs(ratios[0] / ratios[1] - 1) <= MAX_ASPECT_DIFFERENCE


log = logging.getLogger(__name__)


class Leg:
    """One of the two runs, and the side of the screen that is its."""

    def __init__(self, context: Context, request: RunRequest, mode: str, update_event: asyncio.Event) -> None:
        self.view = LegView(mode, result_view.render_progress(Phase.PREPARE, 0, request.provider, "", request.language))
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
                    result_view.render_progress(phase, remaining_s, request.provider, target.mode, request.language)
                )
            if not self.handle.abandoned:
                result = await self.handle.result()
                pair = await render_pair(result)
            if self.handle.abandoned:  # whoever has deleted everything meanwhile must find nothing new
                self._update_view(result_view.render_stopped(self.handle.is_sent, request.language))
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
            self.view = LegView(self.view.mode, result_view.render_stopped(False, self._request.language))

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
            raise MissingKey(provider=provider, setting=VENDORS[provider].key_setting)
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
