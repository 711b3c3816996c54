"""The magic mirror's tab: the place of the picture, three shapes and their strengths, and all that may be the case.

Plain HTML without a component of Gradio's, whose streaming camera is slow and writes each frame to a file. What moves
on it, assets/js/mirror.js does: it shows the words for the state that it is in, of those that lie here hidden.
"""

from html import escape

import gradio as gr

from ...tables import load_shapes
from ...words import get_texts, translate
from ..mirror.frames import MAX_PIXELS
from ..texts import Texts

START = ((8, 0.6), (7, 0.5), (14, 0.0))  # shapes and strengths at first: eyes, jaw, nose


def build(texts: Texts) -> None:
    """Lay the tab out; call inside it."""
    gr.HTML(texts.render("mirror", screen), elem_classes="bare", apply_default_css=False)


def screen(language: str) -> str:
    """The tab as HTML, before the mirror is started."""

    def say(key: str, **gaps: str) -> str:
        return escape(translate(f"mirror.{key}", language, **gaps))

    shaping = "".join(_row(place, shape, strength, language) for place, (shape, strength) in enumerate(START, 1))
    said = "".join(
        f'<li data-word="{name}"><b>{escape(word["title"])}</b><span>{escape(word["text"])}</span></li>'
        for name, word in get_texts(language)["mirror"]["states"].items()
    )
    return f"""<section id="mirror" data-state="ready" data-pixels="{MAX_PIXELS}"><p class="intro">{say("intro")}</p>
<div class="stage"><video playsinline muted aria-hidden="true" tabindex="-1"></video>\
<canvas role="img" aria-label="{say("picture")}"></canvas>
<div class="word" role="status"><h3>{say("states.ready.title")}</h3><p>{say("states.ready.text")}</p></div>
<p class="fps" data-fps="{say("fps", count="{count}")}"></p></div>
<p class="aside" role="status">{say("nothing_stored")}</p>
<div class="doing"><button type="button" class="run" id="mirror-run" data-do="toggle">\
<span class="on">{say("start")}</span><span class="off">{say("stop")}</span></button>
<button type="button" data-do="plain" aria-pressed="false" disabled>{say("plain")}</button>
<button type="button" data-do="take" disabled>{say("take")}</button></div>
<div class="shaping" role="group" aria-label="{say("shaping")}">{shaping}</div>
<p class="promise">{say("promise")}</p><ul hidden>{said}</ul></section>"""


def _row(place: int, chosen: int, strength: float, language: str) -> str:
    """One shape and how strongly it is applied."""

    def option(number: int, key: str) -> str:
        name = escape(translate(f"shapes.{key}.name", language))
        return f'<option value="{number}"{" selected" if number == chosen else ""}>{name}</option>'

    options = "".join(option(shape.id, shape.key) for shape in load_shapes())
    shape, amount = (escape(translate(f"mirror.{key}", language, place=place)) for key in ("shape", "strength"))
    return f"""<div class="row"><select aria-label="{shape}">{options}</select><output>{strength:.2f}</output>
<input type="range" min="0" max="1" step="0.05" value="{strength}" aria-label="{amount}"></div>"""
