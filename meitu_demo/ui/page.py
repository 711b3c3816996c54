"""The page: header, a tab for each endpoint and for what goes with them, and the API beside it."""

from pathlib import Path

import gradio as gr

from ..endpoints import CATALOGUE
from ..settings import Settings
from . import api
from .context import Context
from .events import PRIVATE
from .header import header
from .panel import controls, one_photo, panel
from .panel.one_photo import Shown
from .screens import forget, history, keys, lab, mirror, on_stage, recipe, send_on, verify
from .texts import Texts

ASSETS = Path(__file__).resolve().parents[2] / "assets"


def build(context: Context, settings: Settings, texts: Texts) -> gr.Blocks:
    """The page: header, a tab for each endpoint, and the API beside it."""
    picks = controls.TemplatePicks.collect(settings.meitu_template_ids)
    panels: list[Shown] = []
    blocks: gr.Blocks
    with gr.Blocks(title="Portrait APIs", analytics_enabled=False, fill_width=True) as blocks:
        tab = gr.Textbox(visible=False, elem_id="tab-name")
        own = gr.State(None, time_to_live=settings.keep_minutes * 60)
        masthead = gr.HTML(
            texts.render("header", lambda language: header(context.routes, language)),
            elem_id="masthead", elem_classes="bare", apply_default_css=False,
        )  # fmt: skip
        with gr.Tabs(elem_id="panels", overflow_behavior="wrap"):
            for endpoint in CATALOGUE.values():
                word, element = texts.word(f"panels.{endpoint.id}.tab"), f"{endpoint.slug}-tab"
                with gr.Tab(word, id=endpoint.id, elem_id=element) as opened:
                    panels.append(panel.build(context, endpoint, texts, picks, [tab, own], opened))
            with gr.Tab(texts.word("panels.recipe.tab"), id="recipe", elem_id="recipe-tab"):
                panels.append(recipe.build(context, texts, picks, [tab, own], masthead))
            past = gr.Tab(texts.word("panels.history.tab"), id="history", elem_id="history-tab")
            if settings.mirror:
                with gr.Tab(texts.word("mirror.tab"), id="mirror", elem_id="mirror-tab"):
                    mirror.build(texts)
            if settings.failure_lab:
                with gr.Tab(texts.word("panels.failure_lab.tab"), id="failure_lab", elem_id="failure-lab-tab"):
                    panels.append(lab.build(context, context.rehearsal, texts, [tab, own]))
            with gr.Tab(texts.word("panels.verify.tab"), id="verify", elem_id="verify-tab"):
                panels.append(verify.build(context, texts, [tab, own]))
        with past:  # knows the controls of all that stand before it
            refresh = history.build(context, texts, [tab, own], panels, past)
        one_photo.share([shown for shown in panels if shown.name != "verify"])
        send_on.build(context, panels, tab)
        if settings.mode != "offline":
            keys.build(context, texts, own, masthead)
        refresh(forget.build(context, texts, [tab, own], masthead, panels))
        on_stage.build(texts)
        for endpoint in CATALOGUE.values():
            api.expose(context, endpoint)
        blocks.load(None, None, tab, js="() => window.tabName()", **PRIVATE)
    return blocks


def head() -> str:
    """assets/css and assets/js for the page's head: as `css`, Gradio would scope the media queries away."""
    styles, scripts = (sorted((ASSETS / kind).glob(f"*.{kind}")) for kind in ("css", "js"))
    style = "".join(f"<style>{path.read_text('utf-8')}</style>" for path in styles)
    return style + "".join(f"<script>{path.read_text('utf-8')}</script>" for path in scripts)
