"""Builds the page: header, a tab for each endpoint and screen, and the public API functions."""

from pathlib import Path

import gradio as gr

from ..endpoints import CATALOGUE
from ..settings import Settings
from . import api
from .context import Context
from .events import PRIVATE_EVENT
from .header import render_header, render_vendor_css
from .panel import controls, panel, shared_photo
from .panel.shared_photo import ScreenComponents
from .screens import (
    delete_data,
    evaluation,
    failure_lab,
    history,
    keys,
    kiosk_mode,
    mirror,
    recipe,
    send_to_panel,
    verify,
)
from .texts import PageTranslations

ASSETS_DIR = Path(__file__).resolve().parents[2] / "assets"


def build_page(context: Context, settings: Settings, texts: PageTranslations) -> gr.Blocks:
    """All components and events of the page."""
    panels: list[ScreenComponents] = []
    blocks: gr.Blocks
    with gr.Blocks(title="Portrait APIs", analytics_enabled=False, fill_width=True) as blocks:
        tab_id = gr.Textbox(visible=False, elem_id="tab-name")
        visitor_keys = gr.State(None, time_to_live=settings.keep_minutes * 60)
        masthead = gr.HTML(
            texts.render(
                "header",
                lambda language: render_header(context.service.targets, language, has_login=bool(settings.login)),
            ),
            elem_id="masthead", elem_classes="bare", apply_default_css=False,
        )  # fmt: skip
        template_picks = controls.TemplateOptions.collect(
            settings.meitu_template_ids, context.service.targets, visitor_keys, masthead
        )
        with gr.Tabs(elem_id="panels", overflow_behavior="wrap"):
            for endpoint in CATALOGUE.values():
                label, elem_id = texts.get_text(f"panels.{endpoint.id}.tab"), f"{endpoint.slug}-tab"
                with gr.Tab(label, id=endpoint.id, elem_id=elem_id) as endpoint_tab:
                    panels.append(
                        panel.build_panel(
                            context, endpoint, texts, template_picks, [tab_id, visitor_keys], endpoint_tab
                        )
                    )
            with gr.Tab(texts.get_text("panels.recipe.tab"), id="recipe", elem_id="recipe-tab"):
                panels.append(recipe.build(context, texts, template_picks, [tab_id, visitor_keys], masthead))
            history_tab = gr.Tab(texts.get_text("panels.history.tab"), id="history", elem_id="history-tab")
            with gr.Tab(texts.get_text("panels.evaluation.tab"), id="evaluation", elem_id="evaluation-tab") as tab:
                clear_evaluation_after = evaluation.build_evaluation_screen(
                    context, texts, template_picks, [tab_id, visitor_keys], tab
                )
            if settings.mirror:
                with gr.Tab(texts.get_text("mirror.tab"), id="mirror", elem_id="mirror-tab"):
                    mirror.build(texts)
            if settings.failure_lab:
                with gr.Tab(texts.get_text("panels.failure_lab.tab"), id="failure_lab", elem_id="failure-lab-tab"):
                    panels.append(
                        failure_lab.build(context, context.service.failure_lab, texts, [tab_id, visitor_keys])
                    )
            with gr.Tab(texts.get_text("panels.verify.tab"), id="verify", elem_id="verify-tab"):
                panels.append(verify.build(context, texts, [tab_id, visitor_keys]))
        with history_tab:  # built last, because it fills in the controls of all other tabs
            refresh_history_after = history.build(context, texts, [tab_id, visitor_keys], panels, history_tab)
        shared_photo.share_photo([screen for screen in panels if screen.name != "verify"])
        send_to_panel.build(context, panels, tab_id)
        if settings.mode != "offline":
            keys.build(context, texts, visitor_keys, masthead)
        deleted = delete_data.build(context, texts, [tab_id, visitor_keys], masthead, panels)
        refresh_history_after(deleted)
        clear_evaluation_after(deleted)
        kiosk_mode.build(texts)
        for endpoint in CATALOGUE.values():
            api.publish_endpoint(context, endpoint)
        blocks.load(None, None, tab_id, js="() => window.tabName()", **PRIVATE_EVENT)
    return blocks


def render_head() -> str:
    """assets/css and assets/js, for the page's head. In its `css` option, Gradio would drop the media queries."""
    styles, scripts = (sorted((ASSETS_DIR / kind).glob(f"*.{kind}")) for kind in ("css", "js"))
    style = "".join(f"<style>{path.read_text('utf-8')}</style>" for path in styles)
    style += f"<style>{render_vendor_css()}</style>"
    return style + "".join(f"<script>{path.read_text('utf-8')}</script>" for path in scripts)
