"""Builds the page: header, a tab for each endpoint and screen, and the public API functions."""

import json
from collections.abc import Mapping
from pathlib import Path

import gradio as gr

from ..endpoints import CATALOGUE
from ..settings import Price, Settings
from . import api
from .context import Context
from .events import PRIVATE_EVENT
from .gradio_patches.assets import ASSETS_DIR as GRADIO_ASSETS_DIR
from .gradio_patches.assets import ASSETS_PATH, PageFiles, list_files, register_asset
from .header import render_header, render_vendor_css
from .panel import deep_links, panel, shared_photo
from .panel.examples import render_example_css
from .panel.shared_photo import ScreenComponents
from .panel.template_picker import TemplateOptions
from .screens import delete_data, developer, history, keys, kiosk_mode, mirror, recipe, send_to_panel
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
            elem_id="masthead", elem_classes="unstyled", apply_default_css=False,
        )  # fmt: skip
        template_picks = TemplateOptions.collect(
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
            with gr.Tab(texts.get_text("panels.recipe.tab"), id="recipe", elem_id="recipe-tab") as recipe_tab:
                panels.append(
                    recipe.build(context, texts, template_picks, [tab_id, visitor_keys], masthead, recipe_tab)
                )
            history_tab = gr.Tab(texts.get_text("panels.history.tab"), id="history", elem_id="history-tab")
            if settings.mirror:
                with gr.Tab(texts.get_text("mirror.tab"), id="mirror", elem_id="mirror-tab"):
                    mirror.build(texts)
            with gr.Tab(texts.get_text("panels.developer.tab"), id="developer", elem_id="developer-tab"):
                tools, clear_evaluation_after = developer.build(context, texts, template_picks, [tab_id, visitor_keys])
                panels += tools
        with history_tab:  # built last, because it fills in the controls of all other tabs
            refresh_history_after = history.build(context, texts, [tab_id, visitor_keys], panels, history_tab)
        shared_photo.build(context, [screen for screen in panels if screen.name != "verify"], tab_id)
        deep_links.build(panels, tab_id)
        send_to_panel.build(context, panels, tab_id)
        if settings.allows_live:
            keys.build(context, texts, visitor_keys, masthead)
        deleted = delete_data.build(context, texts, [tab_id, visitor_keys], masthead, panels)
        refresh_history_after(deleted)
        clear_evaluation_after(deleted)
        kiosk_mode.build(texts)
        for endpoint in CATALOGUE.values():
            api.publish_endpoint(context, endpoint)
        blocks.load(None, None, tab_id, js="() => window.tabName()", **PRIVATE_EVENT)
    return blocks


def publish_assets(blocks: gr.Blocks, prices: Mapping[str, Price]) -> PageFiles:
    """Serve assets/css, after the styles of Gradio's components, and assets/js as one file each.

    prices: of a call, by endpoint.
    """
    style, script = (
        "\n".join(path.read_text("utf-8") for path in sorted((ASSETS_DIR / kind).glob(f"*.{kind}")))
        for kind in ("css", "js")
    )
    style += render_vendor_css(prices) + render_example_css()
    names = list_files({block.get_block_name() for block in blocks.blocks.values()})
    styles = [name for name in names if name.endswith(".css")]
    style = "\n".join([*((GRADIO_ASSETS_DIR / name).read_text("utf-8") for name in styles), style])
    script = f"window.servedStyles = {json.dumps(styles)};\n{script}"
    return PageFiles(
        register_asset("demo", ".css", style),
        register_asset("demo", ".js", script),
        tuple(ASSETS_PATH.removeprefix("/") + name for name in names if name.endswith(".js")),
    )
