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

from ...domain.translations import list_languages, match_language, translate
from ...domain.vendor_codes import load_shapes
from ..theme import MONO_FONTS, SANS_FONTS
from . import codes as reference_codes
from . import endpoints as reference_endpoints
from . import shapes as reference_shapes

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
    parts = (reference_endpoints, reference_shapes, reference_codes)
    body = "".join(part.section(language) for part in parts)
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
