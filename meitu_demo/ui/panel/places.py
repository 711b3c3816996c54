"""What every screen has in the same place: its one-liner above the photo, and the stage."""

import gradio as gr

from ..result import stage
from ..texts import PageTranslations


def build_introduction(texts: PageTranslations, screen: str) -> gr.HTML:
    """The line of the screen `name`, as `locales` call it."""
    intro_text = texts.render(f"{screen}-intro", lambda language: stage.render_introduction(screen, language))
    return gr.HTML(intro_text, elem_classes="bare", apply_default_css=False)


def build_result_view(texts: PageTranslations, screen: str, slug: str) -> gr.HTML:
    """The stage of the screen `name` with its invitation. slug: what its element's id begins with."""
    empty_html = texts.render(f"{screen}-empty", lambda language: stage.empty_state(screen, language))
    return gr.HTML(empty_html, elem_id=f"{slug}-stage", elem_classes="bare", apply_default_css=False)
