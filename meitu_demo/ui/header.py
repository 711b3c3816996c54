"""The line at the top of the page: name, promise, a link to the reference, and a badge for each vendor."""

from markupsafe import Markup

from ..calls.targets import TargetResolver
from ..domain.explanations import Explanation
from ..domain.translations import translate
from ..vendors import VENDORS
from .html import render


def render_header(targets: TargetResolver, language: str) -> Markup:
    """The page's header.

    A badge tells a vendor's state by a word, a shape and a colour, with its reason; `data-live` is for the style. The
    explanation that assets/js/lost.js shows when the server is gone has to be on the page before that.
    """
    title, why, fix = (translate(f"lost.{key}", language) for key in ("title", "why", "fix"))
    return render(
        "header.header",
        language,
        statuses=[(vendor, targets.get_status(vendor), targets.is_live(vendor)) for vendor in VENDORS],
        connection_lost=Explanation("lost", title, why, fix, "", (), language),
    )


def render_vendor_css() -> str:
    """Style rules for each vendor: what its badge shows or hides, because a visitor may bring keys at any time.

    While the vendor is live: the box that asks for consent, and the button and the text for "live beside offline". In a
    recipe the box is shown only where a step goes to the vendor.
    """
    return "".join(
        f"""\
.gradio-container:has([data-live={vendor}]) .consent-{vendor} {{ display: block; }}
.gradio-container:has([data-live={vendor}]) .fold :is(.beside-{vendor} .ready, button.both-{vendor}) {{
  display: block;
}}
.gradio-container:has([data-live={vendor}]) .beside-{vendor} .missing {{ display: none; }}
.ask:has(#recipe-list):not(:has([data-pays={vendor}])) .consent-{vendor} {{ display: none; }}
"""
        for vendor in VENDORS
    )
