"""The place where results appear, as HTML: an invitation, work in progress, a comparison or an explanation.

All four take the same room, so that nothing jumps. Pure functions of words and facts; every text is escaped here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from ...calls.pipeline import CallResult, Phase
from ...domain.explanations import Explanation
from ...domain.translations import translate
from . import facts
from .facts import describe_changes

# MERGED ui/result/tools.py: What a comparison can be looked at with, as HTML: its views, "hold for before", zoom, and
# the folded "What moved". assets/js/comparison.js gives it life; only `stage` may import it. Pure functions; every text
# is escaped here.

COMPARISON_VIEWS = ("divider", "before", "after")


def render_tools(language: str, labels: tuple[str, str] | None = None) -> str:
    """The row below the pictures. names: of the two, where they are not before and after."""

    def translate_html(key: str, **params: object) -> str:
        return escape(translate(f"compare.{key}", language, **params))

    view_labels = {view: translate(f"compare.{view}", language) for view in COMPARISON_VIEWS}
    if labels:
        view_labels["before"], view_labels["after"] = labels
    announcements = {view: translate_html("only", name=view_labels[view]) for view in COMPARISON_VIEWS} | {
        "divider": translate_html("divider_told")
    }
    hold_label = translate_html("hold_name", name=labels[0]) if labels else translate_html("hold")
    views = "".join(
        f'<button type="button" data-view="{view}" data-told="{announcements[view]}" '
        f'aria-pressed="{str(view == COMPARISON_VIEWS[0]).lower()}">{escape(view_labels[view])}</button>'
        for view in COMPARISON_VIEWS
    )
    return f"""<div class="tools" role="group" aria-label="{translate_html("tools")}">
  <div class="views" role="group" aria-label="{translate_html("views")}">{views}</div>
  <button type="button" class="hold" data-told="{announcements["before"]}" aria-pressed="false">{hold_label}</button>
  <div class="zooms" role="group" aria-label="{translate_html("zoom")}" title="{translate_html("zoom_keys")}">
    <button type="button" data-zoom="out" aria-label="{translate_html("out")}" aria-disabled="true">−</button>
    <output aria-label="{translate_html("size")}">1×</output>
    <button type="button" data-zoom="in" aria-label="{translate_html("in")}">+</button>
    <button type="button" data-zoom="fit" aria-disabled="true">{translate_html("fit")}</button>
  </div>
  <p class="unseen" role="status"></p>
</div>"""


def render_displacement_section(url: str, language: str) -> str:
    """Measured when it is unfolded. address: of the route in `moved`, relative to the page."""

    def translate_html(key: str) -> str:
        return escape(translate(f"moved.{key}", language))

    return (
        f'<details class="moved" data-address="{escape(url)}" data-gone="{translate_html("gone")}" '
        f'data-failed="{translate_html("failed")}"><summary>{translate_html("title")}</summary>'
        f'<div class="found" aria-live="polite"><p>{translate_html("measuring")}</p></div></details>'
    )


@dataclass(frozen=True, slots=True)
class PictureUrls:
    """URLs of one comparison, relative to the page, and the name under which the result is saved.

    moved: where what has moved between the two is told.
    small: of the result as a thumbnail; "" where there is none.
    """

    before: str
    after: str
    download: str
    file_name: str
    displacement: str = ""
    token: str = ""  # of the master in the store
    thumbnail: str = ""


def with_actions(html: str, actions: Sequence[str]) -> str:
    """`shown` with a mark for each button that may be used now; assets/css/after.css hides the others.

    One text holds both, so that they change at the same moment. Gradio may show a button's second last state when two
    follow each other quickly.
    """
    return f'{html}<i class="can {" ".join(actions)}" hidden></i>' if actions else html


def render_introduction(endpoint_id: str, language: str) -> str:
    """A panel's own one-liner, above the photo."""
    return f'<p class="intro">{escape(translate(f"panels.{endpoint_id}.intro", language))}</p>'


def empty_state(endpoint_id: str, language: str) -> str:
    """The empty state: what to do."""
    title = escape(translate(f"panels.{endpoint_id}.empty_title", language))
    text = escape(translate(f"panels.{endpoint_id}.empty_text", language))
    return f'<div class="stage invitation"><div><h3>{title}</h3><p>{text}</p></div></div>'


def describe_phase(phase: Phase, remaining_s: float, provider: str, mode: str, language: str) -> str:
    """Where a call is, in plain words."""
    key_suffix = {Phase.SEND: f"_{mode}", Phase.QUEUE: "" if remaining_s else "_unknown"}.get(phase, "")
    return translate(f"steps.{phase.value}{key_suffix}", language, provider=provider, seconds=math.ceil(remaining_s))


def render_progress(phase: Phase, remaining_s: float, provider: str, mode: str, language: str, prefix: str = "") -> str:
    """Work in progress, by name, with the seconds that are left of it where they are known. where: said before it."""
    text = f"{escape(prefix)}{escape(describe_phase(phase, remaining_s, provider, mode, language))}"
    return f'<div class="stage progress" role="status"><div><i class="spinner"></i><p>{text}</p></div></div>'


def render_stopped(is_sent: bool, language: str) -> str:
    """The person waits no longer: what became of the call."""
    text_key = f"result.stopped_{'sent' if is_sent else 'free'}"
    return render_notice(translate("result.stopped_title", language), translate(text_key, language))


def render_notice(title: str, text: str) -> str:
    """Texts in the stage's place that are no trouble, read out when they come."""
    content_html = f"<h3>{escape(title)}</h3><p>{escape(text)}</p>"
    return f'<div class="stage invitation" role="status"><div>{content_html}</div></div>'


def render_remark(text: str) -> str:
    """One line above the facts of a run, for what must not be overlooked."""
    return f'<p class="note" role="status">{escape(text)}</p>'


def format_ago(started_at: datetime, now: datetime, language: str) -> str:
    """How long ago something was, in words."""
    minutes = max(0, int((now - started_at).total_seconds() // 60))  # clocks are set
    return translate("result.minutes_ago", language, minutes=minutes) if minutes else translate("result.now", language)


def render_comparison(
    call_result: CallResult,
    pictures: PictureUrls,
    provider: str,
    language: str,
    remark: str = "",
    receipt_html: str = "",
    facts_html: str = "",
    labels: tuple[str, str] | None = None,
) -> str:
    """Before and after with a divider that mouse, finger and arrow keys move, tools, and the facts of the run.

    remark: a text for `render_remark`. receipt: HTML of `receipt.render_receipt`. line: HTML in place of the line of
    facts. names: of the two, where they are two results and not before and after.
    """

    def translate_html(key: str, **params: object) -> str:
        return escape(translate(key, language, **params))

    photo = call_result.result_photo
    name = translate_html(f"panels.{call_result.endpoint.id}.tab")
    left, right = map(escape, labels) if labels else (translate_html("result.before"), translate_html("result.after"))
    left_alt = translate_html("result.after_alt", name=labels[0]) if labels else translate_html("result.before_alt")
    right_alt = (
        translate_html("result.after_alt", name=labels[1]) if labels else translate_html("result.after_alt", name=name)
    )
    compare = translate_html("history.compare") if labels else translate_html("result.compare")
    # Eager and synchronous: both pictures appear in the same frame.
    image = '<img src="{}" alt="{}" decoding="sync" draggable="false">'
    has_displacement = call_result.endpoint.changes_geometry and pictures.displacement and not labels
    return f"""<div class="comparing">
<div class="stage result">
  <figure class="compare" data-view="divider" style="--w:{photo.width};--h:{photo.height}">
    {image.format(escape(pictures.after), right_alt)}
    <div class="before">{image.format(escape(pictures.before), left_alt)}</div>
    <span class="tag left">{left}</span><span class="tag right">{right}</span>
    <input type="range" min="0" max="100" value="50" aria-label="{compare}">
  </figure>
</div>
{render_tools(language, labels)}
</div>
{render_remark(remark) if remark else ""}
{facts_html or facts.render_facts(call_result, pictures, provider, language)}
{
        ""
        if labels
        else f'<p class="sent">{translate_html("result.sent", changes=describe_changes(call_result.changes, language))}</p>'
    } {render_displacement_section(pictures.displacement, language) if has_displacement else ""}
{receipt_html}"""  # noqa: E501


def render_explanation(explained: Explanation, language: str, remark: str = "") -> str:
    """A failure that stays on the screen: what happened, why, what to do, and the vendor's code.

    remark: a text for `render_remark`.
    """
    details = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in explained.details)
    return f"""<div class="stage trouble" role="alert"><div>
  <h3>{escape(explained.title)}</h3>
  <p>{escape(explained.why)}</p>
  <p class="fix"><b>{escape(translate("result.fix", language))}</b> {escape(explained.fix)}</p>
  {render_remark(remark) if remark else ""}
  <dl>{details}</dl>
</div></div>"""
