"""Kiosk mode (/?stage=1), for a public screen with changing visitors: the texts that assets/js/on_stage.js shows.

assets/css/on_stage.css hides what is not needed and enlarges the rest. After some time without input, the script
clicks "Delete everything of mine now" and resets the page.
"""

import gradio as gr
from markupsafe import Markup

from ..html import render
from ..texts import PageTranslations

COUNTDOWN_S = 20  # start of the countdown in assets/js/on_stage.js


def build(texts: PageTranslations) -> None:
    """A bar at the bottom of the window; the style sheet hides it outside kiosk mode."""
    gr.HTML(
        texts.render("on-stage", render_countdown_bar), elem_id="on-stage", elem_classes="bare", apply_default_css=False
    )


def render_countdown_bar(language: str) -> Markup:
    """The countdown, the message afterwards, the overlay while data is deleted, and the button that ends kiosk mode."""
    return render("screens.kiosk_countdown", language, countdown_s=COUNTDOWN_S)
