"""Kiosk mode (/?stage=1), for a screen that visitors come and go at: the texts that assets/js/on_stage.js shows.

assets/css/on_stage.css hides what is not needed and enlarges the rest. When nobody has touched anything for a while,
the script presses "Delete everything of mine now" and begins anew.
"""

import gradio as gr
from markupsafe import Markup

from ..html import render
from ..texts import PageTranslations

COUNTDOWN_S = 20  # where the countdown of assets/js/on_stage.js begins


def build(texts: PageTranslations) -> None:
    """A bar at the foot of the window; the style hides it outside of kiosk mode."""
    gr.HTML(
        texts.render("on-stage", render_countdown_bar), elem_id="on-stage", elem_classes="bare", apply_default_css=False
    )


def render_countdown_bar(language: str) -> Markup:
    """The countdown, the message afterwards, the curtain while data is deleted, and the button that leaves the mode."""
    return render("screens.kiosk_countdown", language, countdown_s=COUNTDOWN_S)
