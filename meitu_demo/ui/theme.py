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
COLOURS = {  # light, dark
    "body_background_fill": ("#faf8f5", "#141312"),
    "body_text_color": ("#1c1b1a", "#edeae6"),
    "body_text_color_subdued": ("#6b645b", "#a8a199"),
    "background_fill_primary": ("#ffffff", "#1d1b1a"),
    "background_fill_secondary": ("#faf8f5", "#141312"),
    "block_background_fill": ("#ffffff", "#1d1b1a"),
    "block_border_color": ("#e7e2da", "#2b2926"),
    "block_label_background_fill": ("transparent", "transparent"),
    "block_info_text_color": ("#6b645b", "#a8a199"),
    "border_color_primary": ("#e7e2da", "#2b2926"),
    "border_color_accent": ("#d6336c", "#f06595"),
    "input_background_fill": ("#ffffff", "#1d1b1a"),
    "input_border_color": ("#e7e2da", "#2b2926"),
    "input_border_color_focus": ("#d6336c", "#f06595"),
    "slider_color": ("#d6336c", "#f06595"),
    "button_primary_background_fill": ("#d6336c", "#d6336c"),
    "button_primary_background_fill_hover": ("#c2255c", "#c2255c"),
    "button_primary_text_color": ("#ffffff", "#ffffff"),
    "button_secondary_background_fill": ("#ffffff", "#1d1b1a"),
    "button_secondary_background_fill_hover": ("#faf8f5", "#2b2926"),
    "button_secondary_border_color": ("#e7e2da", "#2b2926"),
    "link_text_color": ("#c2255c", "#f783ac"),
}


def build_theme() -> gr.themes.Base:
    """Gradio's base theme with our colours and sizes, and system fonts, so that no font is fetched."""
    base = gr.themes.Base(
        primary_hue=ROSE, neutral_hue=PAPER, font=SANS_FONTS, font_mono=MONO_FONTS,
        radius_size=sizes.radius_lg, spacing_size=sizes.spacing_md, text_size=sizes.text_md,
    )  # fmt: skip
    dark = {f"{name}_dark": colours[1] for name, colours in COLOURS.items()}
    light = {name: colours[0] for name, colours in COLOURS.items()}
    return base.set(
        **light,
        **dark,
        block_border_width="1px",
        block_radius="14px",
        block_shadow="none",
        color_accent="#d6336c",
        input_border_width="1px",
        button_large_radius="12px",
        button_small_radius="10px",
        button_transition="background-color 150ms",
    )
