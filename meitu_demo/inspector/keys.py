"""Where a call's keys are, what they are called in a program, and a `Redactor` that takes them out of any text.

Four nets, one behind the other: letter by letter (this call's own keys, however spelled), every key that anybody here
holds (in base64 as well), by the look of it (links, and names of keys with a value behind them: an answer may hold a
stranger's), and by place (the query, the headers). Imports `redaction` and `spec`; for this package alone.
"""

import re

from ..redaction import scrub
from ..spec import Route
from . import spelling

# Where the vendors want their keys, as they are called there.
IN_QUERY = ("api_key", "api_secret")
IN_HEADERS = ("ailabapi-api-key", "x-rapidapi-key", "authorization", "proxy-authorization", "cookie", "set-cookie")
MARGIN = 1000  # characters beyond what is shown, in which a key may end that begins before
SHORTEST = 6  # characters; what is shorter is nobody's key, and would blank half of what is shown
LINK = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,11}):(?:\\{0,4}/){2}(?:[^\s\"'<>\\/?#]*@)?([^\s\"'<>\\/?#]*)[^\s\"'<>]*", re.IGNORECASE
)
HIDDEN_LINK = re.compile(r"\b[a-z]{2,12}%(?:25)*3a%(?:25)*2f[^\s\"'<>]*", re.IGNORECASE)  # within another's query
NAMED = re.compile(
    rf"((?:{'|'.join((*IN_QUERY, *IN_HEADERS[:2]))})[\\\"'\]]{{0,6}}\s{{0,4}}(?:=|:|%3d|,)\s{{0,4}}[\\\"'\[]{{0,6}})"
    r"(?!\$)[^\s\"'&,;}\]\\]+",
    re.IGNORECASE,
)
# Characters that a screen does not show, or that turn the text around, and halves of characters.
ODD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def names(provider: str, *, marketplace: bool) -> dict[str, str]:
    """The environment variables of a route's keys, by where they go."""
    if provider == "meitu":
        return {"api_key": "MEITU_API_KEY", "api_secret": "MEITU_API_SECRET"}
    if marketplace:
        return {"x-rapidapi-key": "RAPIDAPI_KEY", "x-rapidapi-host": "RAPIDAPI_HOST"}
    return {"ailabapi-api-key": "AILAB_API_KEY"}


class Redactor:
    """Takes out of any text what must not be shown of a call by `route`."""

    def __init__(self, route: Route) -> None:
        keys = route.credentials
        self.names = names(route.provider, marketplace=bool(keys.host))
        self._keys: dict[str, str] = {}  # with what stands for each
        if route.mode == "live":  # elsewhere they are words that everybody knows, and that answers may well hold
            key, secret = keys.key.get_secret_value(), keys.secret.get_secret_value() if keys.secret else ""
            stands = [f"${name}" for place, name in self.names.items() if place in (*IN_QUERY, *IN_HEADERS)]
            self._keys = {secret: stands[-1], key: stands[0]}
            self._keys = {held: name for held, name in self._keys.items() if len(held) >= SHORTEST}

    def text(self, text: str, longest: int, *, links: bool = True) -> str:
        """The first `longest` characters without keys, and where links lead by their hosts alone."""
        kept = self._without_keys(text, longest)
        if links:
            kept = HIDDEN_LINK.sub("…", LINK.sub(r"\1://\2/…", kept))
        return NAMED.sub(r"\1…", kept)

    def header(self, name: str, value: str) -> str:
        """A header's value; in place of a key, its variable."""
        if name.lower() in IN_HEADERS:
            stands = self.names.get(name.lower())
            return f"${stands}" if stands else "…"
        return self.text(value, 200)

    def _without_keys(self, text: str, longest: int) -> str:
        """A key across the border goes as a whole."""
        margin = max(MARGIN, spelling.LONGEST * max(map(len, self._keys), default=0))
        window = ODD.sub("\N{REPLACEMENT CHARACTER}", text[: longest + margin])
        found = sorted(
            (start, -end, stands) for key, stands in self._keys.items() for start, end in spelling.find(key, window)
        )
        parts, at = [], 0
        for start, end, stands in found:
            if start >= at:
                parts += [window[at:start], stands]
            at = max(at, -end)
        shown = scrub("".join([*parts, window[at:]]))
        whole = len(text) <= longest + margin  # or half a key may stand at the end, which nothing recognises
        return shown[: longest if whole else min(longest, max(0, len(shown) - margin))]
