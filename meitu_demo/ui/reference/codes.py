"""The reference page's codes: both vendors' and our own failures, explained as a person would be told.

Codes about which a person is told the same stand together. Only `ui/reference/page.py` may import it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from ...domain import errors
from ...domain.billing import classify_billing
from ...domain.errors import DemoError, ImageRejected, VendorError
from ...domain.explanations import explain
from ...domain.translations import get_texts, translate
from ...domain.vendor_codes import VendorCode, find_vendor_code, list_vendor_codes
from ...vendors import VENDORS


@dataclass(frozen=True, slots=True)
class CodeExplanation:
    """What a person is told."""

    slug: str
    title: str
    why: str
    fix: str
    cost: str


def explain_error(error: DemoError, language: str) -> CodeExplanation:
    """The explanation of `error` for a paid call."""
    explanation, billing = explain(error, language), classify_billing(error)
    cost = translate(f"billing.{billing}.cost", language) if billing else ""
    return CodeExplanation(explanation.slug, explanation.title, explanation.why, explanation.fix, cost)


def group_vendor_codes(provider: str, language: str) -> dict[CodeExplanation, list[VendorCode]]:
    """Every code in the vendor's lists under what is told of it, in the order of the lists."""
    codes_by_explanation: dict[CodeExplanation, list[VendorCode]] = {}
    for name in list_vendor_codes(provider):
        code = find_vendor_code(provider, name)
        assert code is not None
        error = VendorError(provider, name, http_status=code.http)
        codes_by_explanation.setdefault(explain_error(error, language), []).append(code)
    return codes_by_explanation


def list_app_errors() -> Iterator[DemoError]:
    """One error for each slug that has words and is in no vendor's list."""
    vendor_slugs = {
        code.slug for name in VENDORS for key in list_vendor_codes(name) if (code := find_vendor_code(name, key))
    }
    for slug in get_texts("en")["errors"]:
        if slug not in vendor_slugs:
            yield create_error(slug)


def create_error(slug: str) -> DemoError:
    """An error that is explained under `slug`: of the class with the longest name that it begins with."""
    error_classes = [
        kind for kind in _iter_subclasses(DemoError) if slug == kind.slug or slug.startswith(f"{kind.slug}_")
    ]
    error_class = max(error_classes, key=lambda kind: len(kind.slug), default=ImageRejected)
    return error_class("", "") if issubclass(error_class, VendorError) else error_class(slug)


def render_section(language: str) -> str:
    """The section as HTML."""

    def localize(key: str) -> str:
        return escape(translate(f"reference.{key}", language))

    def render_group(name: str, title: str, cases: Iterable[str]) -> str:
        return f"""<section class="group" id="codes-{name}"><h3>{title}</h3><p class="intro">{localize(f"{name}_note")}</p>
<ul class="cases">{"".join(cases)}</ul></section>
"""  # noqa: E501

    groups = ""
    for provider in VENDORS:
        grouped_codes = group_vendor_codes(provider, language).items()
        title = escape(translate(f"providers.{provider}.name", language))
        groups += render_group(
            provider, title, (_render_case(said, map(_render_code, codes), language) for said, codes in grouped_codes)
        )
    app_explanations = (explain_error(error, language) for error in list_app_errors())
    groups += render_group(
        "demo",
        localize("demo_name"),
        (_render_case(explanation, [_render_slug(explanation.slug)], language) for explanation in app_explanations),
    )
    return f'<section id="codes"><h2>{localize("codes")}</h2><p class="intro">{localize("codes_intro")}</p>{groups}</section>\n'  # noqa: E501


def _render_case(explanation: CodeExplanation, codes: Iterable[str], language: str) -> str:
    fix, cost, colon = (escape(translate(f"reference.{key}", language)) for key in ("fix", "cost", "colon"))
    price = f'<p class="small">{cost}{colon}{escape(explanation.cost)}</p>' if explanation.cost else ""
    return f"""<li class="case" data-slug="{escape(explanation.slug)}"><ul>{"".join(codes)}</ul>
<div><h4>{escape(explanation.title)}</h4><p>{escape(explanation.why)}</p><p><b>{fix}</b>
{escape(explanation.fix)}</p>{price}</div></li>
"""


def _render_code(code: VendorCode) -> str:
    anchor = escape(f"{code.provider}-{code.code}")
    constant = f"<span>{escape(code.constant)}</span> " if code.constant else ""
    return (
        f'<li id="{anchor}" data-hit><a href="#{anchor}">{_allow_line_breaks(code.code)}</a> '
        f"{constant}<span>HTTP {code.http}</span></li>"
    )


def _render_slug(slug: str) -> str:
    return f'<li id="demo-{escape(slug)}" data-hit><a href="#demo-{escape(slug)}">{_allow_line_breaks(slug)}</a></li>'


def _allow_line_breaks(name: str) -> str:
    """May go on in the next line after an underscore."""
    return escape(name).replace("_", "_<wbr>")


def _iter_subclasses(error_class: type[DemoError]) -> Iterator[type[DemoError]]:
    for subclass in error_class.__subclasses__():
        if subclass.__module__ == errors.__name__:
            yield subclass
            yield from _iter_subclasses(subclass)
