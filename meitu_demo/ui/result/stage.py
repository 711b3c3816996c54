"""The place where results appear, as HTML: an invitation, work in progress, a comparison or an explanation.

All four take the same room, so that nothing jumps. Pure functions of words and facts; every text is escaped here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from ...explain import Explanation
from ...service import CallResult, Phase
from ...words import translate
from . import facts
from .changes import describe_changes
from .tools import folded_moved, tools


@dataclass(frozen=True, slots=True)
class Pictures:
    """URLs of one comparison, relative to the page, and the name under which the result is saved.

    moved: where what has moved between the two is told.
    small: of the result as a thumbnail; "" where there is none.
    """

    before: str
    after: str
    download: str
    file_name: str
    moved: str = ""
    token: str = ""  # of the master in the store
    small: str = ""


def offering(shown: str, can: Sequence[str]) -> str:
    """`shown` with a mark for each button that may be used now; assets/css/after.css hides the others.

    One text holds both, so that they change at the same moment. Gradio may show a button's second last state when two
    follow each other quickly.
    """
    return f'{shown}<i class="can {" ".join(can)}" hidden></i>' if can else shown


def introduction(endpoint_id: str, language: str) -> str:
    """A panel's own one-liner, above the photo."""
    return f'<p class="intro">{escape(translate(f"panels.{endpoint_id}.intro", language))}</p>'


def invitation(endpoint_id: str, language: str) -> str:
    """The empty state: what to do."""
    title = escape(translate(f"panels.{endpoint_id}.empty_title", language))
    text = escape(translate(f"panels.{endpoint_id}.empty_text", language))
    return f'<div class="stage invitation"><div><h3>{title}</h3><p>{text}</p></div></div>'


def step_text(step: Phase, seconds: float, provider: str, mode: str, language: str) -> str:
    """Where a call is, in plain words."""
    form = {Phase.SEND: f"_{mode}", Phase.QUEUE: "" if seconds else "_unknown"}.get(step, "")
    return translate(f"steps.{step.value}{form}", language, provider=provider, seconds=math.ceil(seconds))


def progress(step: Phase, seconds: float, provider: str, mode: str, language: str, where: str = "") -> str:
    """Work in progress, by name, with the seconds that are left of it where they are known. where: said before it."""
    text = f"{escape(where)}{escape(step_text(step, seconds, provider, mode, language))}"
    return f'<div class="stage progress" role="status"><div><i class="spinner"></i><p>{text}</p></div></div>'


def stopped(sent: bool, language: str) -> str:
    """The person waits no longer: what became of the call."""
    became = f"result.stopped_{'sent' if sent else 'free'}"
    return notice(translate("result.stopped_title", language), translate(became, language))


def notice(title: str, text: str) -> str:
    """Texts in the stage's place that are no trouble, read out when they come."""
    inside = f"<h3>{escape(title)}</h3><p>{escape(text)}</p>"
    return f'<div class="stage invitation" role="status"><div>{inside}</div></div>'


def note(text: str) -> str:
    """One line above the facts of a run, for what must not be overlooked."""
    return f'<p class="note" role="status">{escape(text)}</p>'


def ago(then: datetime, now: datetime, language: str) -> str:
    """How long ago something was, in words."""
    minutes = max(0, int((now - then).total_seconds() // 60))  # clocks are set
    return translate("result.minutes_ago", language, minutes=minutes) if minutes else translate("result.now", language)


def comparison(
    outcome: CallResult,
    pictures: Pictures,
    provider: str,
    language: str,
    remark: str = "",
    receipt: str = "",
    line: str = "",
    names: tuple[str, str] | None = None,
) -> str:
    """Before and after with a divider that mouse, finger and arrow keys move, tools, and the facts of the run.

    remark: a text for `note`. receipt: HTML of `receipt.receipt`. line: HTML in place of the line of facts. names: of
    the two, where they are two results and not before and after.
    """

    def say(key: str, **facts: object) -> str:
        return escape(translate(key, language, **facts))

    result = outcome.result_photo
    name = say(f"panels.{outcome.endpoint.id}.tab")
    left, right = map(escape, names) if names else (say("result.before"), say("result.after"))
    left_alt = say("result.after_alt", name=names[0]) if names else say("result.before_alt")
    right_alt = say("result.after_alt", name=names[1]) if names else say("result.after_alt", name=name)
    compare = say("history.compare") if names else say("result.compare")
    # Eager and synchronous: both pictures appear in the same frame.
    image = '<img src="{}" alt="{}" decoding="sync" draggable="false">'
    ways = outcome.endpoint.changes_geometry and pictures.moved and not names
    return f"""<div class="comparing">
<div class="stage result">
  <figure class="compare" data-view="divider" style="--w:{result.width};--h:{result.height}">
    {image.format(escape(pictures.after), right_alt)}
    <div class="before">{image.format(escape(pictures.before), left_alt)}</div>
    <span class="tag left">{left}</span><span class="tag right">{right}</span>
    <input type="range" min="0" max="100" value="50" aria-label="{compare}">
  </figure>
</div>
{tools(language, names)}
</div>
{note(remark) if remark else ""}
{line or facts.of(outcome, pictures, provider, language)}
{"" if names else f'<p class="sent">{say("result.sent", changes=describe_changes(outcome.changes, language))}</p>'}
{folded_moved(pictures.moved, language) if ways else ""}
{receipt}"""


def explanation(explained: Explanation, language: str, remark: str = "") -> str:
    """A failure that stays on the screen: what happened, why, what to do, and the vendor's code.

    remark: a text for `note`.
    """
    details = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in explained.details)
    return f"""<div class="stage trouble" role="alert"><div>
  <h3>{escape(explained.title)}</h3>
  <p>{escape(explained.why)}</p>
  <p class="fix"><b>{escape(translate("result.fix", language))}</b> {escape(explained.fix)}</p>
  {note(remark) if remark else ""}
  <dl>{details}</dl>
</div></div>"""
