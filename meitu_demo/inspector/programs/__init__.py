"""A call as a program: complete, short, and with nothing but what its language brings (and httpx, for Python).

Each reads `photo.jpg` and writes `result.jpg`, takes the keys from the environment, and leaves with status 1 and the
vendor's answer when there is no picture. A file for each language, with a text for each vendor's dialect; what stands
in the gaps follows from the endpoint's declaration. Imports `spec`, `settings` and `words`.
"""

from collections.abc import Callable

from ...settings import Settings
from ...spec import Endpoint, Route, Values
from . import curl, javascript, python
from .call import Call

LANGUAGES: dict[str, str] = {"curl": "cURL", "python": "Python", "javascript": "JavaScript"}  # with their names
DIALECTS: dict[str, dict[str, Callable[[Call], str]]] = {
    "curl": {"meitu": curl.meitu, "ailab": curl.ailab},
    "python": {"meitu": python.meitu, "ailab": python.ailab},
    "javascript": {"meitu": javascript.meitu, "ailab": javascript.ailab},
}


def code(
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
    call = Call.of(endpoint, values, f"{base_url}{path or endpoint.path}", marketplace=marketplace)
    return DIALECTS[language][endpoint.provider](call)


def programs(endpoint: Endpoint, values: Values, route: Route) -> dict[str, str]:
    """The call in every language: as `route` makes it if that goes to a vendor, else as it would go to the vendor."""
    usual = Settings()
    home = {"meitu": usual.meitu_base_url, "ailab": usual.ailab_base_url}[endpoint.provider]
    live = route.mode == "live"
    return {
        language: code(
            endpoint,
            values,
            language,
            base_url=route.base_url if live else home,
            path=route.path if live else None,
            marketplace=live and bool(route.credentials.host),
        )
        for language in LANGUAGES
    }
