"""Stage mode (/?stage=1): the words that assets/js/on_stage.js shows on a screen that visitors come and go at.

Everything else about it is the browser's: assets/css/on_stage.css leaves what matters and makes it large, the script
presses "Delete everything of mine now" when nobody has touched anything for a while, and begins anew.
"""

from html import escape

import gradio as gr

from ...domain.translations import translate
from ..texts import PageTranslations

COUNTDOWN_S = 20  # of the countdown; what assets/js/on_stage.js begins with


def build(texts: PageTranslations) -> None:
    """A bar over the foot of the window; the style hides it outside of stage mode."""
    gr.HTML(
        texts.render("on-stage", render_countdown_bar), elem_id="on-stage", elem_classes="bare", apply_default_css=False
    )


def render_countdown_bar(language: str) -> str:
    """Countdown, the note afterwards, the curtain while it is done, and the way out."""

    def localize(key: str, **params: object) -> str:
        return escape(translate(f"on_stage.{key}", language, **params))

    countdown_html = localize("soon", seconds="\0").replace("\0", f"<b>{COUNTDOWN_S}</b>") + translate(
        "explanation.between", language
    )
    return f"""<div class="curtain"><p><i class="spinner"></i>{localize("clearing")}</p></div>
<p class="aloud sr-only" role="status" data-soon="{localize("soon_aloud")}" data-gone="{localize("gone")}"></p>
<p class="going" aria-hidden="true">{countdown_html}{localize("stay")}<i></i></p>
<p class="gone" aria-hidden="true">{localize("gone")}</p>
<button type="button" class="leave">{localize("leave")}</button>"""
