"""Gradio theme, light and dark: paper white, ink and one rose accent. All other styles are in assets/css."""

import gradio as gr
from gradio.themes.utils import colors, sizes

SANS_FONTS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "PingFang SC", "Noto Sans CJK SC",
        "Noto Sans SC", "Microsoft YaHei", "sans-serif"]  # fmt: skip
MONO_FONTS = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
ROSE = colors.Color(
    name="rose", c50="#fff0f4", c100="#ffe0e9", c200="#fcc2d4", c300="#faa2be", c400="#f783ac", c500="#d6336c",
    c600="#c2255c", c700="#a61e4d", c800="#821840", c900="#5f1130", c950="#3d0b1f",
)  # fmt: skip
PAPER = colors.Color(
    name="paper", c50="#ffffff", c100="#faf8f5", c200="#e7e2da", c300="#d6cfc4", c400="#a49c90", c500="#746d63",
    c600="#5a544c", c700="#3a3733", c800="#2b2926", c900="#1d1b1a", c950="#141312",
)  # fmt: skip


def build_theme() -> gr.themes.Base:
    """Gradio's base theme with our colours and sizes, and system fonts, so that no font is fetched."""
    base = gr.themes.Base(
        primary_hue=ROSE, neutral_hue=PAPER, font=SANS_FONTS, font_mono=MONO_FONTS,
        radius_size=sizes.radius_lg, spacing_size=sizes.spacing_md, text_size=sizes.text_md,
    )  # fmt: skip
    return base.set(
        body_background_fill="#faf8f5",
        body_background_fill_dark="#141312",
        body_text_color="#1c1b1a",
        body_text_color_dark="#edeae6",
        body_text_color_subdued="#6b645b",
        body_text_color_subdued_dark="#a8a199",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#1d1b1a",
        background_fill_secondary="#faf8f5",
        background_fill_secondary_dark="#141312",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1d1b1a",
        block_border_width="1px",
        block_border_color="#e7e2da",
        block_border_color_dark="#2b2926",
        block_radius="14px",
        block_shadow="none",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_info_text_color="#6b645b",
        block_info_text_color_dark="#a8a199",
        border_color_primary="#e7e2da",
        border_color_primary_dark="#2b2926",
        border_color_accent="#d6336c",
        border_color_accent_dark="#f06595",
        color_accent="#d6336c",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1d1b1a",
        input_border_width="1px",
        input_border_color="#e7e2da",
        input_border_color_dark="#2b2926",
        input_border_color_focus="#d6336c",
        input_border_color_focus_dark="#f06595",
        slider_color="#d6336c",
        slider_color_dark="#f06595",
        button_primary_background_fill="#d6336c",
        button_primary_background_fill_dark="#d6336c",
        button_primary_background_fill_hover="#c2255c",
        button_primary_background_fill_hover_dark="#c2255c",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#1d1b1a",
        button_secondary_background_fill_hover="#faf8f5",
        button_secondary_background_fill_hover_dark="#2b2926",
        button_secondary_border_color="#e7e2da",
        button_secondary_border_color_dark="#2b2926",
        button_large_radius="12px",
        button_small_radius="10px",
        button_transition="background-color 150ms",
        link_text_color="#c2255c",
        link_text_color_dark="#f783ac",
    )
