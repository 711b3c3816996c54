"""The Verify tab: reads the provenance marks of a file.

A mark is a claim, not a signature, and a missing mark does not mean "not made by AI": the texts say so.
"""

from typing import Any

import anyio
import gradio as gr
from markupsafe import Markup

from ...domain.errors import DemoError
from ...domain.explanations import explain
from ...domain.translations import translate
from ...endpoints import CATALOGUE
from ...photos.provenance import MarkFinding, MarkOrigin, verify_provenance
from ...photos.provenance.record import Mark, Provenance, SourceType
from ...redaction.text import sanitize
from ..caller import identify_caller
from ..context import Context
from ..events import PRIVATE_EVENT
from ..html import render
from ..panel import controls
from ..panel.panel import SessionInputs, build_photo_input
from ..panel.shared_photo import ScreenComponents
from ..result import export, result_view
from ..texts import PageTranslations, detect_language


def build(context: Context, texts: PageTranslations, session: SessionInputs) -> ScreenComponents:
    """Lay out the screen and wire its events; call inside its tab. session: the tab's id first."""
    with gr.Row():
        with gr.Column(scale=5, min_width=300, elem_classes="inputs-column"):
            controls.build_introduction(texts, "verify")
            photo, _ = build_photo_input(context, "verify", texts, session)
            button = gr.Button(
                texts.get_text("panels.verify.run"), variant="primary", elem_id="verify-run", elem_classes="run"
            )
        with gr.Column(scale=7, min_width=300, elem_classes="result-column"):
            result_html = controls.build_result_view(texts, "verify", "verify")

    async def verify_photo(request: gr.Request, payload: Any, tab_id: Any) -> str:
        language = detect_language(request)
        try:
            source = await context.read_upload(payload, identify_caller(request, tab_id))
            return render_finding(await anyio.to_thread.run_sync(verify_provenance, source), language)
        except DemoError as error:
            return result_view.render_explanation(explain(error, language, is_billable=False), language)

    button.click(verify_photo, [photo, *session[:1]], result_html, preprocess=False, **PRIVATE_EVENT)
    return ScreenComponents("verify", photo, result_html)


def render_finding(finding: MarkFinding, language: str) -> Markup:
    """The provenance that a file claims, for the result view."""

    def localize(key: str, **params: object) -> str:
        return translate(f"verify.{key}", language, **params)

    mark, provenance = finding.mark, finding.provenance
    rows: list[tuple[str, str]] = []
    if provenance is not None:
        title, text = localize("ours"), localize("claim")
        is_known_endpoint = provenance.endpoint in CATALOGUE
        effect = translate(f"panels.{provenance.endpoint}.tab", language) if is_known_endpoint else provenance.endpoint
        rows = [
            (localize("effect"), effect),
            (localize("maker"), _describe_maker(provenance, language)),
            (localize("time"), provenance.time),
            (localize("id"), provenance.result_id),
        ]
    elif finding.origin is MarkOrigin.NONE:
        title, text = localize("none"), localize("none_text")
    else:
        title = localize("others_ai" if mark.says_ai else "others")
        text = localize("claim")
        rows = [(localize("maker"), mark.made_by)]
    rows += [
        (localize("source"), _describe_source_type(mark, language)),
        (localize("label"), mark.aigc.get("Label", "")),
    ]
    cells = [(name, sanitize(value)) for name, value in rows if value]
    return render("screens.finding", title=title, text=text, rows=cells)


def _describe_maker(provenance: Provenance, language: str) -> str:
    return (
        translate("result.made_offline", language) if provenance.made_by == export.OFFLINE_MAKER else provenance.made_by
    )


def _describe_source_type(mark: Mark, language: str) -> str:
    """A text for IPTC's digital source type; its IPTC name if it is not one that the demo writes."""
    name_by_source_type = {SourceType.COMPOSITE: "composite", SourceType.ENHANCED: "enhanced"}
    name_key = next((name for kind, name in name_by_source_type.items() if kind == mark.source_type), None)
    return translate(f"verify.kind_{name_key}", language) if name_key else mark.source_type.rpartition("/")[2]
