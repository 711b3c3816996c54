"""The reference page: endpoints, shapes and codes, plain HTML without a component of Gradio's.

It is made once a language and names nobody but us: style and script stand in it. Only `ui/app.py` may import it.
"""

import re
from functools import cache
from html import escape
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...domain.controls import AcceptedValues, Control
from ...domain.model import Endpoint
from ...domain.translations import list_languages, match_language, translate
from ...domain.vendor_codes import Shape, load_shapes
from ...endpoints import CATALOGUE
from ...engine.imaging.face_checks import MIN_FACE_PX
from ..theme import MONO_FONTS, SANS_FONTS
from . import codes as reference_codes
from .drawn_face import render_drawing, render_face_symbol

# MERGED ui/reference/shapes.py: The reference page's shapes: number, names, what each does, a drawing. Only
# `ui/reference/page.py` may import it.


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


# MERGED ui/reference/endpoints.py: The reference page's endpoints: what each does, takes and is called. Only
# `ui/reference/page.py` may import it.


def render_endpoints_section(language: str) -> str:
    """The section as HTML."""
    title = escape(translate("reference.endpoints", language))
    cards = "".join(_render_card(endpoint, language) for endpoint in CATALOGUE.values())
    return f'<section id="endpoints"><h2>{title}</h2><div class="cards">{cards}</div></section>\n'


def _render_card(endpoint: Endpoint, language: str) -> str:
    def localize(key: str, **facts: object) -> str:
        return escape(translate(f"reference.{key}", language, **facts))

    panel = f"panels.{endpoint.id}"
    name, intro, offline = (escape(translate(f"{panel}.{key}", language)) for key in ("tab", "intro", "offline"))
    limits = endpoint.limits
    kinds = " · ".join(kind.removeprefix("image/").upper() for kind in limits.media_types)
    controls = "".join(f"<li>{_render_control(control, language)}</li>" for control in endpoint.controls)
    constant = " ".join(f"<code>{escape(f'{key}={value}')}</code>" for key, value in endpoint.constant_fields.items())
    photo = localize("limits", least=limits.min_side_px, most=limits.max_side_px, bytes=limits.max_bytes, kinds=kinds)
    rows = [
        ("vendor", escape(translate(f"providers.{endpoint.provider}.name", language))),
        ("path", f"<code>POST {escape(endpoint.path)}</code>"),
        ("api", f"<code>/{escape(endpoint.id)}</code>"),
        ("photo", photo),
        ("faces", localize(f"faces_{endpoint.face_requirement.value}", side=MIN_FACE_PX)),
        ("controls", f"<ul>{controls}</ul>" if controls else localize("no_controls")),
        ("constant", constant),
        ("offline", offline),
    ]
    cells = "".join(f"<div><dt>{localize(key)}</dt><dd>{value}</dd></div>" for key, value in rows if value)
    return f"""<article class="card" id="{endpoint.slug}"><h3>{name}</h3><p>{intro}</p><dl>{cells}</dl>
<p><a href="./#{endpoint.slug}">{localize("open", name=translate(f"{panel}.tab", language))}</a></p></article>
"""


def _render_control(control: Control, language: str) -> str:
    """Its name here and on the wire, what it takes, and its default."""

    def localize(key: str, **facts: object) -> str:
        return escape(translate(f"reference.{key}", language, **facts))

    comma = localize("comma")
    name = f"<b>{escape(translate(f'controls.{control.name}.label', language))}</b> <code>{escape(control.name)}</code>"
    if control.wire_name != control.name:
        name += f"{comma}{localize('on_the_wire')} <code>{escape(control.wire_name)}</code>"
    accepted_values = _render_accepted_values(control.list_accepted(language), language)
    default = localize("default", value=control.default_text)
    return f"{name}{localize('colon')}{accepted_values}{localize('semicolon')}{default}"


def _render_accepted_values(accepted: AcceptedValues, language: str) -> str:
    texts = [f"<code>{escape(text)}</code>" if accepted.is_code else escape(text) for text in accepted.texts]
    if accepted.accepts_others:
        texts.append(escape(translate("reference.any_id", language)))
    joined = escape(translate("reference.comma", language)).join(texts)
    return f'<a href="#{accepted.section}">{joined}</a>' if accepted.section else joined


PATH = "reference"
ASSETS_DIR = Path(__file__).resolve().parents[3] / "assets"
COLOUR_RULES = re.compile(r":root \{(.*?)\}\n\.dark \{(.*?)\}\n", re.DOTALL)
SECTIONS = ("endpoints", "shapes", "codes")
# Behind a login it is not for everybody, and the language may come from the browser.
CACHE_HEADERS = {"cache-control": "private, max-age=300", "vary": "accept-language"}


async def serve_reference(request: Request) -> Response:
    """The route's answer: in the language that the address names, else the browser's."""
    requested_language = request.query_params.get("lang")
    language = (
        requested_language
        if requested_language in list_languages()
        else match_language(request.headers.get("accept-language"))
    )
    # The first one draws 22 faces.
    return HTMLResponse(
        await anyio.to_thread.run_sync(render_page, language), headers={**CACHE_HEADERS, "content-language": language}
    )


@cache
def render_page(language: str) -> str:
    """The whole page as HTML."""

    def localize(key: str, **facts: object) -> str:
        return escape(translate(f"reference.{key}", language, **facts))

    other_language = next(name for name in list_languages() if name != language)
    contents = "".join(f'<a href="#{name}">{localize(name)}</a>' for name in SECTIONS)
    sections = (render_endpoints_section, render_shapes_section, reference_codes.render_section)
    body = "".join(render(language) for render in sections)
    found_text = localize("found", shapes="{shapes}", codes="{codes}")
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>{localize("title")} · {escape(translate("page.name", language))}</title><link rel="icon" href="./favicon.ico">
<style>{render_style()}</style></head><body>
<header><div><h1>{localize("title")}</h1><p>{localize("promise", shapes=len(load_shapes()))}</p></div>
<nav class="away"><a href="./">{localize("demo")}</a> <a id="other" href="?lang={other_language}"
hreflang="{other_language}" lang="{other_language}">{localize("other")}</a></nav></header>
<div class="bar"><nav aria-label="{localize("contents")}">{contents}</nav>
<form role="search" hidden><input type="search" name="q" aria-label="{localize("search")}" \
placeholder="{localize("search_hint")}" autocomplete="off" spellcheck="false" maxlength="80"><p role="status" \
aria-live="polite" data-found="{found_text}" data-nothing="{localize("nothing", query="{query}")}"></p></form></div>
<main>{body}</main><script>{_read_asset("reference/script.js")}</script></body></html>
"""


def render_style() -> str:
    """assets/reference/style.css, with the page's colours by what the browser prefers, and the theme's fonts."""
    match = COLOUR_RULES.search(_read_asset("css/base.css"))
    assert match is not None
    sans, mono = (
        ", ".join(f'"{name}"' if " " in name else name for name in names) for names in (SANS_FONTS, MONO_FONTS)
    )
    fonts = f"--sans: {sans}; --mono: {mono};"
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{{match[2]}}} }}"
    return f":root {{{match[1]} {fonts}}}\n{dark}\n{_read_asset('reference/style.css')}"


def _read_asset(name: str) -> str:
    return (ASSETS_DIR / name).read_text("utf-8")
