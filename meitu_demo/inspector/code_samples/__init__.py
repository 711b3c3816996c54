"""A call as a program: complete, short, and with nothing but what its language brings (and httpx, for Python).

Each reads `photo.jpg` and writes `result.jpg`, takes the keys from the environment, and leaves with status 1 and the
vendor's answer when there is no picture. A file for each language, with a text for each vendor's dialect; what stands
in the gaps follows from the endpoint's declaration. Imports `spec`, `settings` and `words`.
"""

from collections.abc import Callable

from ...domain.model import CallTarget, Endpoint, Values
from ...settings import Settings
from . import curl, javascript, python
from .call import RequestSpec

SAMPLE_LANGUAGES: dict[str, str] = {"curl": "cURL", "python": "Python", "javascript": "JavaScript"}  # with their names
SAMPLE_RENDERERS: dict[str, dict[str, Callable[[RequestSpec], str]]] = {
    "curl": {"meitu": curl.render_meitu, "ailab": curl.render_ailab},
    "python": {"meitu": python.render_meitu, "ailab": python.render_ailab},
    "javascript": {"meitu": javascript.render_meitu, "ailab": javascript.render_ailab},
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
    """The program for a call of `endpoint` at `base_url`, in a language of LANGUAGES. Raises ValueRejected.

    path: instead of the endpoint's own. marketplace: with the keys of RapidAPI's edition.
    """
    spec = RequestSpec.from_endpoint(endpoint, values, f"{base_url}{path or endpoint.path}", marketplace=marketplace)
    return SAMPLE_RENDERERS[language][endpoint.provider](spec)


def render_samples(endpoint: Endpoint, values: Values, target: CallTarget) -> dict[str, str]:
    """The call in every language: as `route` makes it if that goes to a vendor, else as it would go to the vendor."""
    defaults = Settings()
    vendor_url = {"meitu": defaults.meitu_base_url, "ailab": defaults.ailab_base_url}[endpoint.provider]
    is_live = target.mode == "live"
    return {
        language: render_sample(
            endpoint,
            values,
            language,
            base_url=target.base_url if is_live else vendor_url,
            path=target.path_override if is_live else None,
            marketplace=is_live and bool(target.credentials.host),
        )
        for language in SAMPLE_LANGUAGES
    }
