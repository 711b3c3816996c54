"""The magic mirror's tab: the place of the picture, three shapes and their strengths, and all that may be the case.

Plain HTML without a component of Gradio's, whose streaming camera is slow and writes each frame to a file. What moves
on it, assets/js/mirror.js does: it shows the words for the state that it is in, of those that lie here hidden.
"""

from html import escape

import gradio as gr

from ...domain.translations import get_texts, translate
from ...domain.vendor_codes import load_shapes
from ..mirror.frames import MAX_FRAME_PIXELS
from ..texts import PageTranslations

INITIAL_SHAPES = ((8, 0.6), (7, 0.5), (14, 0.0))  # shapes and strengths at first: eyes, jaw, nose


def build(texts: PageTranslations) -> None:
    """Lay the tab out; call inside it."""
    gr.HTML(texts.render("mirror", render_mirror), elem_classes="bare", apply_default_css=False)


def render_mirror(language: str) -> str:
    """The tab as HTML, before the mirror is started."""

    def localize(key: str, **params: str) -> str:
        return escape(translate(f"mirror.{key}", language, **params))

    shape_rows = "".join(
        _render_shape_row(index, shape, strength, language) for index, (shape, strength) in enumerate(INITIAL_SHAPES, 1)
    )
    state_items = "".join(
        f'<li data-word="{name}"><b>{escape(word["title"])}</b><span>{escape(word["text"])}</span></li>'
        for name, word in get_texts(language)["mirror"]["states"].items()
    )
    return f"""<section id="mirror" data-state="ready" data-pixels="{MAX_FRAME_PIXELS}"><p class="intro">{localize("intro")}</p>
<div class="stage"><video playsinline muted aria-hidden="true" tabindex="-1"></video>\
<canvas role="img" aria-label="{localize("picture")}"></canvas>
<div class="word" role="status"><h3>{localize("states.ready.title")}</h3><p>{localize("states.ready.text")}</p></div>
<p class="fps" data-fps="{localize("fps", count="{count}")}"></p></div>
<p class="aside" role="status">{localize("nothing_stored")}</p>
<div class="doing"><button type="button" class="run" id="mirror-run" data-do="toggle">\
<span class="on">{localize("start")}</span><span class="off">{localize("stop")}</span></button>
<button type="button" data-do="plain" aria-pressed="false" disabled>{localize("plain")}</button>
<button type="button" data-do="take" disabled>{localize("take")}</button></div>
<div class="shaping" role="group" aria-label="{localize("shaping")}">{shape_rows}</div>
<p class="promise">{localize("promise")}</p><ul hidden>{state_items}</ul></section>"""  # noqa: E501


def _render_shape_row(index: int, selected_shape: int, strength: float, language: str) -> str:
    """One shape and how strongly it is applied."""

    def render_option(shape_id: int, key: str) -> str:
        name = escape(translate(f"shapes.{key}.name", language))
        return f'<option value="{shape_id}"{" selected" if shape_id == selected_shape else ""}>{name}</option>'

    options = "".join(render_option(shape.id, shape.key) for shape in load_shapes())
    shape, amount = (escape(translate(f"mirror.{key}", language, place=index)) for key in ("shape", "strength"))
    return f"""<div class="row"><select aria-label="{shape}">{options}</select><output>{strength:.2f}</output>
<input type="range" min="0" max="1" step="0.05" value="{strength}" aria-label="{amount}"></div>"""
