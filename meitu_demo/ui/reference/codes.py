"""The reference page's error codes: the vendors' and this app's, grouped by the explanation that a person gets."""

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from ...domain import errors
from ...domain.billing import classify_billing
from ...domain.errors import DemoError, ImageRejected, VendorError
from ...domain.explanations import explain
from ...domain.translations import get_texts, translate
from ...domain.vendor_codes import VendorCode, find_vendor_code, list_vendor_codes
from ...vendors import VENDORS
from ..html import render


@dataclass(frozen=True, slots=True)
class CodeExplanation:
    """The texts that a person gets for a failure."""

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
    """All codes of the vendor by their explanation, in the order of the vendor's list."""
    codes_by_explanation: dict[CodeExplanation, list[VendorCode]] = {}
    for name in list_vendor_codes(provider):
        code = find_vendor_code(provider, name)
        assert code is not None
        error = VendorError(provider, name, http_status=code.http)
        codes_by_explanation.setdefault(explain_error(error, language), []).append(code)
    return codes_by_explanation


def list_app_errors() -> Iterator[DemoError]:
    """One error for each slug that has texts and is in no vendor's list."""
    vendor_slugs = {
        code.slug for name in VENDORS for key in list_vendor_codes(name) if (code := find_vendor_code(name, key))
    }
    for slug in get_texts("en")["errors"]:
        if slug not in vendor_slugs:
            yield create_error(slug)


def create_error(slug: str) -> DemoError:
    """An error that is explained under `slug`: of the class whose slug is its longest prefix."""
    error_classes = [
        kind for kind in _iter_subclasses(DemoError) if slug == kind.slug or slug.startswith(f"{kind.slug}_")
    ]
    error_class = max(error_classes, key=lambda kind: len(kind.slug), default=ImageRejected)
    return error_class("", "") if issubclass(error_class, VendorError) else error_class(slug)


def render_section(language: str) -> Markup:
    """The section as HTML."""
    groups = [
        (vendor, translate(f"providers.{vendor}.name", language), group_vendor_codes(vendor, language).items())
        for vendor in VENDORS
    ]
    app_explanations = [explain_error(error, language) for error in list_app_errors()]
    app_cases = [
        (explained, [{"provider": "demo", "code": explained.slug, "http": None}]) for explained in app_explanations
    ]
    app_group = ("demo", translate("reference.demo_name", language), app_cases)
    return render("reference.codes", language, groups=[*groups, app_group])


def _iter_subclasses(error_class: type[DemoError]) -> Iterator[type[DemoError]]:
    for subclass in error_class.__subclasses__():
        if subclass.__module__ == errors.__name__:
            yield subclass
            yield from _iter_subclasses(subclass)
