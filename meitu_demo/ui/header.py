"""The header of the page: name, tagline, a link to the reference page, and a badge for each vendor."""

from collections.abc import Mapping
from types import MappingProxyType

from markupsafe import Markup

from ..calls.targets import TargetResolver
from ..domain.explanations import Explanation
from ..domain.translations import list_languages, translate
from ..endpoints import CATALOGUE
from ..photos.codec import MAX_BYTES
from ..settings import Price
from ..vendors import VENDORS
from .html import render
from .texts import LANGUAGE_TAGS


def render_header(targets: TargetResolver, language: str, *, has_login: bool = False) -> Markup:
    """The page's header.

    has_login: there is a login, so it offers a way out. A badge shows a vendor's state as a word, a shape and a colour,
    with the reason. Style rules use `data-live`; assets/js/connection_loss.js sends `data-payer` with each event. The
    explanation for a lost connection, which the same script shows, has to be on the page beforehand.
    """
    other_language = next(name for name in list_languages() if name != language)
    title, why, fix = (translate(f"lost.{key}", language) for key in ("title", "why", "fix"))
    return render(
        "header.header",
        language,
        statuses=[(vendor, targets.get_status(vendor), targets.get_payer(vendor)) for vendor in VENDORS],
        other_language=other_language,
        other_tag=LANGUAGE_TAGS[other_language],
        has_login=has_login,
        max_upload_bytes=MAX_BYTES,
        connection_lost=Explanation("lost", title, why, fix, "", (), language),
    )


def render_vendor_css(prices: Mapping[str, Price] = MappingProxyType({})) -> str:
    """Style rules for each vendor, by the state of its badge, because a visitor may enter keys at any time.

    While the vendor is live, they show the consent box and the section "live versus offline", write the cost on the run
    button, and hide the pictures of the offline engine's templates, which the vendor does not know. In a recipe and an
    evaluation, the box is shown only if a call goes to the vendor. In kiosk mode and on a phone, the gallery replaces
    the list of template IDs unless the vendor is live. prices: of a call, by endpoint.
    """
    return "".join(
        f"""\
.gradio-container:has([data-live={vendor}]) .consent-{vendor}:not(.consents *),
.inputs-column:has([data-pays={vendor}]) .consents .consent-{vendor},
.evaluation-ask:has([data-pays-{vendor}]) .consents .consent-{vendor} {{ display: block; }}
.gradio-container:not(:has([data-live={vendor}])) .fold-{vendor} {{ display: none; }}
.gradio-container:has([data-live={vendor}]) .templates-of-engine-{vendor}:not(:has(.vendor-template)),
.gradio-container:has([data-live={vendor}]) .templates-of-engine-{vendor} button:not(.vendor-template) {{
  display: none !important;
}}
[data-kiosk]:not(:has([data-live={vendor}])) {_select_pictured_ids(vendor)} {{ display: none !important; }}
@media (max-width: 1023px) {{
  body:not(:has([data-live={vendor}])) {_select_pictured_ids(vendor)} {{ display: none !important; }}
}}
"""
        for vendor in VENDORS
    ) + "".join(
        f".gradio-container:has([data-live={endpoint.vendor_id}]) #{endpoint.slug}-run:lang({language})::after"
        f' {{ content: "{_describe_cost(prices.get(endpoint.id), language)}"; margin-inline-start: .4em; }}\n'
        for endpoint in CATALOGUE.values()
        for language in list_languages()
    )


def _select_pictured_ids(vendor: str) -> str:
    """The list of template IDs, all of which have pictures, and the frame around it."""
    return f":is(.pictured-ids-{vendor}, .inputs-column > :has(> .pictured-ids-{vendor}))"


def _describe_cost(price: Price | None, language: str) -> str:
    if price is None:
        return translate("result.one_call", language)
    return translate("result.one_call_priced", language, price=price.format_total())
