"""The Verify panel: reads a file back and says what it says about itself.

A mark is a claim, not a signature: the words say so, and "no mark" is never called "not made by AI".
"""

from html import escape
from typing import Any

import anyio
import gradio as gr

from ...endpoints import CATALOGUE
from ...errors import DemoError
from ...explain import explain, sanitize
from ...provenance import Mark, MarkFinding, MarkOrigin, Provenance, SourceType, verify_provenance
from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..guard import doors
from ..panel import places
from ..panel.one_photo import Shown
from ..panel.panel import Session, photo_input
from ..result import delivery, stage
from ..texts import Texts, language_of
from ..visits import Visit


def build(context: Context, texts: Texts, session: Session) -> Shown:
    """Lay the panel out and wire it; call inside its tab. session: the browser's tab first."""
    with gr.Row(elem_classes="panel"):
        with gr.Column(scale=5, min_width=300, elem_classes="ask"):
            places.introduction(texts, "verify")
            photo, _ = photo_input(context, "verify", texts, session)
            button = gr.Button(
                texts.word("panels.verify.run"), variant="primary", elem_id="verify-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="answer"):
            shown = places.stage_of(texts, "verify", "verify")

    async def look(request: gr.Request, payload: Any, tab: Any) -> str:
        language, owner = language_of(request), Visit.of(request, tab).session
        try:
            source = await doors.read_upload(payload, context.uploads, lambda path: context.mine.note(owner, path))
            return said(await anyio.to_thread.run_sync(verify_provenance, source), language)
        except DemoError as error:
            return stage.explanation(explain(error, language, is_billable=False), language)

    button.click(look, [photo, *session[:1]], shown, preprocess=False, **PRIVATE)
    return Shown("verify", photo, shown)


def said(finding: MarkFinding, language: str) -> str:
    """What a file says about itself, as HTML for the stage."""

    def say(key: str, **gaps: object) -> str:
        return translate(f"verify.{key}", language, **gaps)

    mark, own = finding.mark, finding.provenance
    rows: list[tuple[str, str]] = []
    if own is not None:
        title, text = say("ours"), say("claim")
        known = own.endpoint in CATALOGUE
        effect = translate(f"panels.{own.endpoint}.tab", language) if known else own.endpoint
        rows = [
            (say("effect"), effect),
            (say("maker"), _maker(own, language)),
            (say("time"), own.time),
            (say("id"), own.result_id),
        ]
    elif finding.origin is MarkOrigin.NONE:
        title, text = say("none"), say("none_text")
    else:
        title = say("others_ai" if mark.says_ai else "others")
        text = say("claim")
        rows = [(say("maker"), mark.made_by)]
    rows += [(say("source"), _kind(mark, language)), (say("label"), mark.aigc.get("Label", ""))]
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(sanitize(value))}</dd></div>" for name, value in rows if value
    )
    return f"""<div class="stage finding" role="status"><div><h3>{escape(title)}</h3><p>{escape(text)}</p>
<dl>{cells}</dl></div></div>"""


def _maker(own: Provenance, language: str) -> str:
    return translate("result.made_offline", language) if own.made_by == delivery.OURS else own.made_by


def _kind(mark: Mark, language: str) -> str:
    """IPTC's digital source type in words, or its own name where it is another than ours."""
    known = {SourceType.COMPOSITE: "composite", SourceType.ENHANCED: "enhanced"}
    found = next((name for kind, name in known.items() if kind == mark.source_type), None)
    return translate(f"verify.kind_{found}", language) if found else mark.source_type.rpartition("/")[2]
