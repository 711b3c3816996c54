"""The reference page's shapes: number, names, what each does, a drawing. Only `ui/reference/page.py` may import it."""

from html import escape

from ...domain.translations import translate
from ...domain.vendor_codes import Shape, load_shapes
from .drawn_face import render_drawing, render_face_symbol


def render_shapes_section(language: str) -> str:
    """The section as HTML."""
    title, intro = (escape(translate(f"reference.{key}", language)) for key in ("shapes", "shapes_intro"))
    tiles = "".join(_render_tile(shape, language) for shape in load_shapes())
    return f"""<section id="shapes"><h2>{title}</h2><p class="intro">{intro}</p>
<svg class="store" aria-hidden="true">{render_face_symbol()}</svg><ul class="tiles">{tiles}</ul></section>
"""


def _render_tile(shape: Shape, language: str) -> str:
    name, effect = (escape(translate(f"shapes.{shape.key}.{part}", language)) for part in ("name", "effect"))
    label = escape(translate("reference.vendor_label", language, label=shape.vendor_label))
    picture = render_drawing(shape.id, translate(f"reference.moves.{shape.key}", language))
    return f"""<li class="tile" id="shape-{shape.id}" data-hit>{picture}
<h3><a href="#shape-{shape.id}">{shape.id}</a> {name}</h3><p>{effect}</p>
<p class="small"><code>{shape.key}</code> <span>{label}</span></p></li>
"""
