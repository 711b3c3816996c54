"""The magic mirror's tab: the picture, three shapes with their strengths, and texts for every state.

It is plain HTML, driven by assets/js/mirror.js, because Gradio's camera streaming is slow and writes each frame to a
file.
"""

import gradio as gr
from markupsafe import Markup

from ...domain.translations import get_texts
from ...domain.vendor_codes import load_shapes
from ..html import UNSTYLED, render
from ..mirror import MAX_FRAME_PIXELS
from ..panel.examples import INITIAL_SHAPES
from ..result.result_view import EXAMPLE_PATH
from ..texts import PageTranslations


def build(texts: PageTranslations) -> None:
    """Lay out the screen; call inside its tab."""
    gr.HTML(texts.render("mirror", render_mirror), **UNSTYLED)


def render_mirror(language: str) -> Markup:
    """The tab before the mirror is started."""
    return render(
        "mirror.mirror",
        language,
        max_pixels=MAX_FRAME_PIXELS,
        example_url=f"{EXAMPLE_PATH}/mirror/after.jpg",
        rows=INITIAL_SHAPES,
        shapes=load_shapes(),
        states=get_texts(language)["mirror"]["states"],
    )
