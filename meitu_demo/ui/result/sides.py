"""Two runs side by side, as HTML: each with its maker on top and, below that, where it is or what it has ended in.

Pure functions of words and facts; every text is escaped here, or comes as HTML from `stage`, `receipt` or `inspector`.
"""

from dataclasses import dataclass
from html import escape

from ...imaging.compare import MAX_ASPECT_DIFFERENCE
from ...imaging.gate import format_file_size
from ...service import CallResult
from ...words import translate
from . import stage


@dataclass(slots=True)
class Side:
    """One of the two, as far as it has come. mode: "live" or "offline".

    shown: HTML of the stage's. outcome and picture (URLs): once there is a result. remark: a text. more: HTML that
    belongs below, across both.
    """

    mode: str
    shown: str
    outcome: CallResult | None = None
    picture: stage.Pictures | None = None
    remark: str = ""
    more: str = ""


def side_by_side(sides: tuple[Side, Side], provider: str, language: str) -> str:
    """Both, the live one first; the second may be laid over the first where they have the same frame.

    provider: the vendor's name.
    """
    columns = "".join(_column(side, provider, language) for side in sides)
    more = "".join(
        f"<section><h4>{escape(maker(side.mode, provider, language))}</h4>{side.more}</section>"
        for side in sides
        if side.more
    )
    more = f'<div class="sides-more">{more}</div>' if more else ""
    return f'<div class="sides">{columns}</div>{_overlay(sides, provider, language)}{more}'


def maker(mode: str, provider: str, language: str) -> str:
    """Who makes it, in words."""
    return translate(f"beside.{mode}", language, provider=provider)


def result_of(outcome: CallResult, picture: stage.Pictures, maker: str, language: str) -> str:
    """A side's picture, in the room of a stage."""
    name = translate(f"panels.{outcome.endpoint.id}.tab", language)
    alt = translate("beside.alt", language, name=name, maker=maker)
    return (
        f'<div class="stage result"><img class="whole" src="{escape(picture.after)}" alt="{escape(alt)}" '
        f'decoding="sync"></div>'
    )


def _column(side: Side, provider: str, language: str) -> str:
    name = escape(maker(side.mode, provider, language))
    facts = _facts(side.outcome, side.picture, language) if side.outcome and side.picture else ""
    remark = stage.note(side.remark) if side.remark else ""
    return (
        f'<section class="side" aria-label="{name}"><p><span class="badge {side.mode}">{name}</span></p>'
        f"{side.shown}{remark}{facts}</section>"
    )


def _facts(outcome: CallResult, picture: stage.Pictures, language: str) -> str:
    result = outcome.result_photo
    told = [
        translate("result.seconds", language, seconds=f"{outcome.elapsed_s:.2f}"),
        f"{result.width}×{result.height}",
        format_file_size(len(result.data)),
    ]
    if outcome.mode != "offline":
        told.append(translate("result.paid", language))
    link = escape(translate("result.download", language))
    return (
        f'<div class="facts">{"".join(f"<span>{escape(text)}</span>" for text in told)}'
        f'<a class="download" href="{escape(picture.download)}" download="{escape(picture.file_name)}">{link}</a></div>'
    )


def _overlay(sides: tuple[Side, Side], provider: str, language: str) -> str:
    """Folded: one over the other with a divider between them; "" unless both are there and in the same frame."""
    there = [(side.outcome, side.picture) for side in sides if side.outcome and side.picture]
    if len(there) < len(sides) or not same_frame(there[0][0], there[1][0]):
        return ""
    (outcome, below), (_, above) = there
    size = outcome.result_photo
    names = [escape(maker(side.mode, provider, language)) for side in sides]
    image = '<img src="{}" alt="{}" decoding="sync" draggable="false">'
    return f"""<details class="overlay"><summary>{escape(translate("beside.overlay", language))}</summary>
<figure class="compare" data-view="divider" style="--w:{size.width};--h:{size.height}">
  {image.format(escape(below.after), names[0])}
  <div class="before">{image.format(escape(above.after), names[1])}</div>
  <span class="tag left">{names[1]}</span><span class="tag right">{names[0]}</span>
  <input type="range" min="0" max="100" value="50" aria-label="{escape(translate("beside.move", language))}">
</figure></details>"""


def same_frame(one: CallResult, other: CallResult) -> bool:
    """Whether two results may lie over each other: their sides' ratios differ by no more than rounding."""
    ratios = [outcome.result_photo.width / outcome.result_photo.height for outcome in (one, other)]
    return abs(ratios[0] / ratios[1] - 1) <= MAX_ASPECT_DIFFERENCE
