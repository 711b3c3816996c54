"""The result view of a panel: empty, in progress, a comparison of two pictures, or an explanation.

Pure functions; the HTML is in `templates/result.html`.
"""

import math
from collections.abc import Sequence
from datetime import datetime

from markupsafe import Markup

from ...calls.pipeline import CallResult, Phase
from ...domain.explanations import Explanation
from ...domain.model import RecordedCall
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ...engine.previews import Preview
from ..html import EMPTY_HTML, encode_data_url, render
from . import facts
from .facts import describe_changes
from .pictures import FaceBox, PictureUrls

EXAMPLE_PATH = "example"


def with_actions(html: Markup, actions: Sequence[str]) -> Markup:
    """`html` with a marker for each action button that is available; assets/css/notes.css hides the others.

    The markers are part of the HTML so that buttons and view change together: after two quick updates, Gradio may show
    an outdated state of a button.
    """
    return render("result.with_actions", html=html, actions=actions) if actions else html


def render_introduction(screen: str, language: str) -> Markup:
    """The introduction above a screen's photo."""
    return render("result.introduction", language, screen=screen)


def empty_state(screen: str, language: str) -> Markup:
    """The result view before the first run: what to do, or in a panel and the recipe the effect on the example photo.

    The offline engine draws the example; `ui.panel.examples` serves its pictures, which are squares.
    """
    if screen not in (*CATALOGUE, "recipe"):
        return render("result.empty_state", language, screen=screen)
    return render(
        "result.example",
        language,
        screen=screen,
        title=translate(f"panels.{screen}.tab", language),
        before_url=f"{EXAMPLE_PATH}/{screen}/before.jpg",
        after_url=f"{EXAMPLE_PATH}/{screen}/after.jpg",
        size=(1, 1),
    )


def render_preview(preview: Preview, title: str, language: str) -> Markup:
    """The offline engine's preview. title: the panel and its settings, in words."""
    urls = {"before_url": encode_data_url(preview.before), "after_url": encode_data_url(preview.after)}
    return render("result.preview", language, size=preview.size, title=title, **urls)


def render_preview_error(explained: Explanation) -> Markup:
    """Why there is no preview."""
    return render("result.preview_error", explained=explained)


def describe_phase(phase: Phase, remaining_s: float, vendor_name: str, mode: str, language: str) -> str:
    """A text for what a call is doing."""
    key_suffix = {Phase.SEND: f"_{mode}", Phase.QUEUE: "" if remaining_s else "_unknown"}.get(phase, "")
    return translate(f"steps.{phase.value}{key_suffix}", language, vendor=vendor_name, seconds=math.ceil(remaining_s))


def render_progress(
    phase: Phase, remaining_s: float, vendor_name: str, mode: str, language: str, prefix: str = ""
) -> Markup:
    """The phase of a call, with the remaining seconds if known. prefix: a text before it."""
    text = prefix + describe_phase(phase, remaining_s, vendor_name, mode, language)
    return render("result.progress", language, text=text)


def render_stopped(is_sent: bool, language: str) -> Markup:
    """The person stopped waiting: what becomes of the call."""
    text_key = f"result.stopped_{'sent' if is_sent else 'free'}"
    return render_notice(translate("result.stopped_title", language), translate(text_key, language))


def render_notice(title: str, text: str) -> Markup:
    """A message in the result view that is not a failure; screen readers announce it."""
    return render("result.notice", title=title, text=text)


def format_ago(started_at: datetime, now: datetime, language: str) -> str:
    """How long ago something was, in words."""
    minutes = max(0, int((now - started_at).total_seconds() // 60))  # clocks may be set back
    return translate("result.minutes_ago", language, minutes=minutes) if minutes else translate("result.now", language)


def render_comparison(
    call_result: CallResult,
    pictures: PictureUrls,
    vendor_name: str,
    language: str,
    remark: str = "",
    receipt_html: Markup = EMPTY_HTML,
    facts_html: Markup = EMPTY_HTML,
    labels: tuple[str, str] | None = None,
) -> Markup:
    """Before and after with a divider that mouse, finger and arrow keys move, tools, and the facts of the run.

    remark: a text above the facts. receipt_html: from `facts.render_receipt`. facts_html: replaces the facts of
    `call_result`. labels: names of the two pictures if they are not before and after.
    """
    photo, endpoint = call_result.result_photo, call_result.endpoint
    return render(
        "result.comparison",
        language,
        size=(photo.width, photo.height),
        face_frame=pictures.face_box and frame_face((photo.width, photo.height), pictures.face_box),
        pictures=pictures,
        name=translate(f"panels.{endpoint.id}.tab", language),
        labels=labels,
        remark_text=remark,
        facts_html=facts_html or facts.render_facts(call_result, pictures, vendor_name, language),
        changes=describe_changes(call_result.changes, language),
        displacement_url=pictures.displacement if endpoint.changes_geometry and not labels else "",
        receipt_html=receipt_html,
    )


def frame_face(size: tuple[int, int], face_box: FaceBox) -> tuple[tuple[int, int], FaceBox]:
    """The frame for a face that is looked at closely, in pixels of the picture, and the face's box in shares of it.

    A picture that is higher than wide lies in the middle of a square, which it fills once it is zoomed.
    """
    width, height = size
    frame_width = max(width, height)
    share = width / frame_width
    x, y, face_width, face_height = face_box
    return (frame_width, height), ((1 - share) / 2 + x * share, y, face_width * share, face_height)


def render_explanation(
    explained: Explanation,
    language: str,
    remark: str = "",
    recorded: RecordedCall | None = None,
    vendor_name: str = "",
) -> Markup:
    """A failure: what happened, why, what to do, and the vendor's code. remark: a text above the details.

    recorded, vendor_name: of a recorded refusal, for its badge.
    """
    maker = facts.Maker("recorded", vendor_name, recorded)
    badge = recorded and (maker.mode, facts.describe_maker(maker, language))
    return render("result.explanation", language, explained=explained, remark_text=remark, maker=badge)
