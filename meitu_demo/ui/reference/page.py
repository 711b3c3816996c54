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

from ...tables import load_shapes
from ...words import list_languages, match_language, translate
from ..theme import MONO, SANS
from . import codes as reference_codes
from . import endpoints as reference_endpoints
from . import shapes as reference_shapes

PATH = "reference"
ASSETS = Path(__file__).resolve().parents[3] / "assets"
COLOURS = re.compile(r":root \{(.*?)\}\n\.dark \{(.*?)\}\n", re.DOTALL)
SECTIONS = ("endpoints", "shapes", "codes")
# Behind a login it is not for everybody, and the language may come from the browser.
KEPT = {"cache-control": "private, max-age=300", "vary": "accept-language"}


async def serve(request: Request) -> Response:
    """The route's answer: in the language that the address names, else the browser's."""
    asked = request.query_params.get("lang")
    language = asked if asked in list_languages() else match_language(request.headers.get("accept-language"))
    # The first one draws 22 faces.
    return HTMLResponse(await anyio.to_thread.run_sync(page, language), headers={**KEPT, "content-language": language})


@cache
def page(language: str) -> str:
    """The whole page as HTML."""

    def say(key: str, **facts: object) -> str:
        return escape(translate(f"reference.{key}", language, **facts))

    other = next(name for name in list_languages() if name != language)
    contents = "".join(f'<a href="#{name}">{say(name)}</a>' for name in SECTIONS)
    parts = (reference_endpoints, reference_shapes, reference_codes)
    body = "".join(part.section(language) for part in parts)
    found = say("found", shapes="{shapes}", codes="{codes}")
    return f"""<!doctype html>
<html lang="{"zh-CN" if language == "zh" else language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>{say("title")} · {escape(translate("page.name", language))}</title><link rel="icon" href="./favicon.ico">
<style>{style()}</style></head><body>
<header><div><h1>{say("title")}</h1><p>{say("promise", shapes=len(load_shapes()))}</p></div>
<nav class="away"><a href="./">{say("demo")}</a> <a id="other" href="?lang={other}" hreflang="{other}" \
lang="{other}">{say("other")}</a></nav></header>
<div class="bar"><nav aria-label="{say("contents")}">{contents}</nav>
<form role="search" hidden><input type="search" name="q" aria-label="{say("search")}" \
placeholder="{say("search_hint")}" autocomplete="off" spellcheck="false" maxlength="80"><p role="status" \
aria-live="polite" data-found="{found}" data-nothing="{say("nothing", query="{query}")}"></p></form></div>
<main>{body}</main><script>{_asset("reference/script.js")}</script></body></html>
"""


def style() -> str:
    """assets/reference/style.css, with the page's colours by what the browser prefers, and the theme's fonts."""
    found = COLOURS.search(_asset("css/base.css"))
    assert found is not None
    sans, mono = (", ".join(f'"{name}"' if " " in name else name for name in names) for names in (SANS, MONO))
    fonts = f"--sans: {sans}; --mono: {mono};"
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{{found[2]}}} }}"
    return f":root {{{found[1]} {fonts}}}\n{dark}\n{_asset('reference/style.css')}"


def _asset(name: str) -> str:
    return (ASSETS / name).read_text("utf-8")
