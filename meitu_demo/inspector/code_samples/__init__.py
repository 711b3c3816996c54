"""Code samples: a call as a complete, short program in cURL, Python or JavaScript, with standard libraries (and httpx).

Each program reads `photo.jpg`, writes `result.jpg`, and takes the keys from the environment. If the reply holds no
picture, it prints the reply and exits with status 1. Each language has a module; the differences between vendors are
data of the `Vendor`.
"""

from collections.abc import Callable

from ...domain.model import CallTarget, Endpoint, Values
from ...vendors import VENDORS
from .call import RequestSpec
from .curl import render_curl
from .javascript import render_javascript
from .python import render_python

SAMPLE_LANGUAGES: dict[str, str] = {"curl": "cURL", "python": "Python", "javascript": "JavaScript"}  # with their names
SAMPLE_RENDERERS: dict[str, Callable[[RequestSpec], str]] = {
    "curl": render_curl,
    "python": render_python,
    "javascript": render_javascript,
}


def render_sample(
    endpoint: Endpoint,
    values: Values,
    language: str,
    *,
    base_url: str,
    path: str | None = None,
    marketplace: bool = False,
) -> str:
    """The program for a call of `endpoint` at `base_url`, in a language of SAMPLE_LANGUAGES. Raises ValueRejected.

    path: instead of the endpoint's own. marketplace: with the keys of the marketplace's edition.
    """
    url = f"{base_url}{path or endpoint.path}"
    return SAMPLE_RENDERERS[language](RequestSpec.from_endpoint(endpoint, values, url, marketplace=marketplace))


def render_samples(endpoint: Endpoint, values: Values, target: CallTarget) -> dict[str, str]:
    """The call in every language: to `target` if that is live, else to the vendor's own host."""
    is_live = target.mode == "live"
    return {
        language: render_sample(
            endpoint,
            values,
            language,
            base_url=target.base_url if is_live else VENDORS[endpoint.vendor_id].base_url,
            path=target.path_override if is_live else None,
            marketplace=is_live and bool(target.credentials.host),
        )
        for language in SAMPLE_LANGUAGES
    }
