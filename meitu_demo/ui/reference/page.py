"""The reference page: endpoints, shapes and error codes. Plain HTML without Gradio, rendered once for each language.

It loads nothing: style and script are inline. Error codes are grouped by their explanation.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import anyio
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ...domain import errors
from ...domain.billing import classify_billing
from ...domain.errors import DemoError, ImageRejected, VendorError
from ...domain.explanations import explain
from ...domain.model import Endpoint
from ...domain.translations import get_texts, list_languages, translate
from ...domain.vendor_codes import VendorCode, find_vendor_code, list_vendor_codes, load_shapes
from ...endpoints import CATALOGUE
from ...engine.imaging.face_checks import MIN_FACE_PX
from ...vendors import VENDORS
from ..html import render
from ..texts import LANGUAGE_TAGS, detect_language
from ..theme import MONO_FONTS, SANS_FONTS
from .drawn_face import render_drawing, render_face_symbol

PATH = "reference"
ASSETS_DIR = Path(__file__).resolve().parents[3] / "assets"
COLOUR_RULES = re.compile(r":root \{(.*?)\}\n\.dark \{(.*?)\}\n", re.DOTALL)
# Behind a login the page is not public, and the language may come from the browser.
CACHE_HEADERS = {"cache-control": "private, max-age=300", "vary": "accept-language"}


@dataclass(frozen=True, slots=True)
class CodeExplanation:
    """The texts that a person gets for a failure."""

    slug: str
    title: str
    why: str
    fix: str
    cost: str


async def serve_reference(request: Request) -> Response:
    """The page, in the language of the query parameter `lang`, else the browser's."""
    language = detect_language(request)
    # The first rendering draws 22 faces.
    return HTMLResponse(
        await anyio.to_thread.run_sync(render_page, language),
        headers={**CACHE_HEADERS, "content-language": language},
    )


@cache
def render_page(language: str) -> Markup:
    """The page as HTML."""
    sections = (render_endpoints_section, render_shapes_section, render_codes_section)
    return render(
        "reference.page",
        language,
        sections=[render_section(language) for render_section in sections],
        style=Markup(render_style()),
        script=Markup(_read_asset("reference/script.js")),
        shape_count=len(load_shapes()),
        language_tag=LANGUAGE_TAGS[language],
        other_language=next(name for name in list_languages() if name != language),
    )


def render_endpoints_section(language: str) -> Markup:
    """Each endpoint's name, purpose, limits and parameters."""
    endpoints = [_describe_endpoint(endpoint, language) for endpoint in CATALOGUE.values()]
    return render("reference.endpoints", language, endpoints=endpoints, min_face_px=MIN_FACE_PX)


def render_shapes_section(language: str) -> Markup:
    """Number, names and effect of each shape, with a drawing."""
    tiles = [
        (shape, render_drawing(shape.id, translate(f"reference.moves.{shape.key}", language)))
        for shape in load_shapes()
    ]
    return render("reference.shapes", language, symbol=render_face_symbol(), tiles=tiles)


def render_codes_section(language: str) -> Markup:
    """The error codes, grouped by the explanation that a person gets."""
    groups = [
        (vendor, translate(f"vendors.{vendor}.name", language), group_vendor_codes(vendor, language).items())
        for vendor in VENDORS
    ]
    app_explanations = [explain_error(error, language) for error in list_app_errors()]
    app_cases = [
        (explained, [{"vendor_id": "demo", "code": explained.slug, "http": None}]) for explained in app_explanations
    ]
    app_group = ("demo", translate("reference.demo_name", language), app_cases)
    return render("reference.codes", language, groups=[*groups, app_group])


def _describe_endpoint(endpoint: Endpoint, language: str) -> dict[str, object]:
    limits = endpoint.limits
    return {
        "id": endpoint.id,
        "slug": endpoint.slug,
        "vendor_id": endpoint.vendor_id,
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


def explain_error(error: DemoError, language: str) -> CodeExplanation:
    """The explanation of `error` for a paid call."""
    explanation, billing = explain(error, language), classify_billing(error)
    cost = translate(f"billing.{billing}.cost", language) if billing else ""
    return CodeExplanation(explanation.slug, explanation.title, explanation.why, explanation.fix, cost)


def group_vendor_codes(vendor_id: str, language: str) -> dict[CodeExplanation, list[VendorCode]]:
    """All codes of the vendor by their explanation, in the order of the vendor's list."""
    codes_by_explanation: dict[CodeExplanation, list[VendorCode]] = {}
    for name in list_vendor_codes(vendor_id):
        code = find_vendor_code(vendor_id, name)
        assert code is not None
        error = VendorError(vendor_id, name, http_status=code.http)
        codes_by_explanation.setdefault(explain_error(error, language), []).append(code)
    return codes_by_explanation


def list_app_errors() -> Iterator[DemoError]:
    """One error for each slug that has texts and belongs to no vendor's code."""
    vendor_slugs = {
        code.slug for name in VENDORS for key in list_vendor_codes(name) if (code := find_vendor_code(name, key))
    }
    for slug in get_texts("en")["errors"]:
        if slug not in vendor_slugs:
            yield create_error(slug)


def create_error(slug: str) -> DemoError:
    """An error that is explained under `slug`: of the class with the longest slug that is a prefix of it."""
    error_classes = [
        kind for kind in _iter_subclasses(DemoError) if slug == kind.slug or slug.startswith(f"{kind.slug}_")
    ]
    error_class = max(error_classes, key=lambda kind: len(kind.slug), default=ImageRejected)
    return error_class("", "") if issubclass(error_class, VendorError) else error_class(slug)


def _iter_subclasses(error_class: type[DemoError]) -> Iterator[type[DemoError]]:
    for subclass in error_class.__subclasses__():
        if subclass.__module__ == errors.__name__:
            yield subclass
            yield from _iter_subclasses(subclass)
