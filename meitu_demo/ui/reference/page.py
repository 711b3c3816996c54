"""The reference page: endpoints, shapes and error codes. Plain HTML without Gradio, rendered once a language.

It refers to no other host: style and script are inside it.
"""

import re
from functools import cache
from pathlib import Path

import anyio
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...domain.model import Endpoint
from ...domain.translations import list_languages, match_language, translate
from ...domain.vendor_codes import load_shapes
from ...endpoints import CATALOGUE
from ...engine.imaging.face_checks import MIN_FACE_PX
from ..html import render
from ..theme import MONO_FONTS, SANS_FONTS
from . import codes as reference_codes
from .drawn_face import render_drawing, render_face_symbol

PATH = "reference"
ASSETS_DIR = Path(__file__).resolve().parents[3] / "assets"
COLOUR_RULES = re.compile(r":root \{(.*?)\}\n\.dark \{(.*?)\}\n", re.DOTALL)
# Behind a login the page is not public, and the language may come from the browser.
CACHE_HEADERS = {"cache-control": "private, max-age=300", "vary": "accept-language"}


async def serve_reference(request: Request) -> Response:
    """The page, in the language of the query parameter `lang`, else the browser's."""
    requested_language = request.query_params.get("lang")
    language = (
        requested_language
        if requested_language in list_languages()
        else match_language(request.headers.get("accept-language"))
    )
    # The first rendering draws 22 faces.
    return HTMLResponse(
        await anyio.to_thread.run_sync(render_page, language), headers={**CACHE_HEADERS, "content-language": language}
    )


@cache
def render_page(language: str) -> Markup:
    """The page as HTML."""
    sections = (render_endpoints_section, render_shapes_section, reference_codes.render_section)
    return render(
        "reference.page",
        language,
        sections=[render_section(language) for render_section in sections],
        style=Markup(render_style()),
        script=Markup(_read_asset("reference/script.js")),
        shape_count=len(load_shapes()),
        other_language=next(name for name in list_languages() if name != language),
    )


def render_endpoints_section(language: str) -> Markup:
    """What each endpoint does, takes and is called."""
    endpoints = [_describe_endpoint(endpoint, language) for endpoint in CATALOGUE.values()]
    return render("reference.endpoints", language, endpoints=endpoints, min_face_px=MIN_FACE_PX)


def render_shapes_section(language: str) -> Markup:
    """Number, names and effect of each shape, with a drawing."""
    tiles = [
        (shape, render_drawing(shape.id, translate(f"reference.moves.{shape.key}", language)))
        for shape in load_shapes()
    ]
    return render("reference.shapes", language, symbol=render_face_symbol(), tiles=tiles)


def _describe_endpoint(endpoint: Endpoint, language: str) -> dict[str, object]:
    limits = endpoint.limits
    return {
        "id": endpoint.id,
        "slug": endpoint.slug,
        "provider": endpoint.provider,
        "path": endpoint.path,
        "limits": limits,
        "media_types": " · ".join(name.removeprefix("image/").upper() for name in limits.media_types),
        "face_requirement": endpoint.face_requirement.value,
        "controls": [(control, control.list_accepted(language)) for control in endpoint.controls],
        "constant_fields": [f"{key}={value}" for key, value in endpoint.constant_fields.items()],
    }


def render_style() -> str:
    """assets/reference/style.css with the main page's colours, light or dark as the browser prefers, and its fonts."""
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
