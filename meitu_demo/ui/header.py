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
