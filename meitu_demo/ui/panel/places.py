"""What every screen has in the same place: its one-liner above the photo, and the stage."""

import gradio as gr

from ..result import stage
from ..texts import Texts


def introduction(texts: Texts, name: str) -> gr.HTML:
    """The line of the screen `name`, as `locales` call it."""
    line = texts.render(f"{name}-intro", lambda language: stage.introduction(name, language))
    return gr.HTML(line, elem_classes="bare", apply_default_css=False)


def stage_of(texts: Texts, name: str, slug: str) -> gr.HTML:
    """The stage of the screen `name` with its invitation. slug: what its element's id begins with."""
    empty = texts.render(f"{name}-empty", lambda language: stage.invitation(name, language))
    return gr.HTML(empty, elem_id=f"{slug}-stage", elem_classes="bare", apply_default_css=False)
