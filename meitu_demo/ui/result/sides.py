"""Two runs side by side, as HTML: each with its maker on top and, below that, where it is or what it has ended in.

Pure functions of words and facts; every text is escaped here, or comes as HTML from `stage`, `receipt` or `inspector`.
"""

from dataclasses import dataclass
from html import escape

from ...calls.pipeline import CallResult
from ...domain.translations import translate
from ...engine.imaging.comparison import MAX_ASPECT_DIFFERENCE
from ...photos.safe_open import format_file_size
from . import stage


@dataclass(slots=True)
class LegView:
    """One of the two, as far as it has come. mode: "live" or "offline".

    shown: HTML of the stage's. outcome and picture (URLs): once there is a result. remark: a text. more: HTML that
    belongs below, across both.
    """

    mode: str
    html: str
    result: CallResult | None = None
    picture: stage.PictureUrls | None = None
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


def render_result(result: CallResult, picture: stage.PictureUrls, maker_name: str, language: str) -> str:
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
    remark = stage.render_remark(view.remark) if view.remark else ""
    return (
        f'<section class="side" aria-label="{name}"><p><span class="badge {view.mode}">{name}</span></p>'
        f"{view.html}{remark}{facts}</section>"
    )


def _render_facts(call_result: CallResult, picture: stage.PictureUrls, language: str) -> str:
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
