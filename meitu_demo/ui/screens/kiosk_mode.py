"""Kiosk mode (/?stage=1), for a public screen with changing visitors: the texts that assets/js/kiosk_mode.js shows.

assets/css/kiosk_mode.css hides what is not needed and enlarges the rest. After some time without input, the script
clicks "Delete my data" and resets the page.
"""

import gradio as gr
from markupsafe import Markup

from ..html import UNSTYLED, render
from ..texts import PageTranslations

COUNTDOWN_S = 20  # start of the countdown in assets/js/kiosk_mode.js


def build(texts: PageTranslations) -> None:
    """A bar at the bottom of the window; the style sheet hides it outside kiosk mode."""
    gr.HTML(texts.render("kiosk", render_countdown_bar), elem_id="kiosk", **UNSTYLED)


def render_countdown_bar(language: str) -> Markup:
    """The countdown, the message afterwards, the overlay while data is deleted, and the button that ends kiosk mode."""
    return render("screens.kiosk_countdown", language, countdown_s=COUNTDOWN_S)
