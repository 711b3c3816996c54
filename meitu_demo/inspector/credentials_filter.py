"""Redacts captured messages: `Redactor`, and the names of the fields that hold keys.

Redaction has four layers: this call's keys, however they are escaped; every registered secret, in base64 as well;
links and values after the name of a key, because an answer may contain somebody else's; key fields in query and
headers.
"""

import re

from ..domain.model import CallTarget
from ..redaction.secrets import redact
from ..redaction.text import MAX_ESCAPE_CHARS, find_escaped, replace_unprintable, strip_link_paths
from ..vendors import VENDORS

_SECRET_FIELDS = [
    field for vendor in VENDORS.values() for field in (*vendor.keys, *vendor.marketplace_keys) if field.is_secret
]
KEY_QUERY_PARAMS = tuple(field.name for field in _SECRET_FIELDS if not field.is_header)
VENDOR_KEY_HEADERS = tuple(field.name for field in _SECRET_FIELDS if field.is_header)
KEY_HEADERS = (*VENDOR_KEY_HEADERS, "authorization", "proxy-authorization", "cookie", "set-cookie")
MARGIN_CHARS = 1000  # searched beyond the limit, for keys that cross it
MIN_KEY_CHARS = 6  # a shorter text is not a key, and redacting it would remove half of the message
NAMED_KEY_PATTERN = re.compile(
    rf"((?:{'|'.join(map(re.escape, (*KEY_QUERY_PARAMS, *VENDOR_KEY_HEADERS)))})"
    r"[\\\"'\]]{0,6}\s{0,4}(?:=|:|%3d|,)\s{0,4}[\\\"'\[]{0,6})"
    r"(?!\$)[^\s\"'&,;}\]\\]+",
    re.IGNORECASE,
)


class Redactor:
    """Redacts the captured messages of a call to `target`; a key is replaced by its environment variable."""

    def __init__(self, target: CallTarget) -> None:
        keys = target.credentials
        fields = VENDORS[target.vendor_id].get_keys(marketplace=bool(keys.host))
        self.variables = {field.name: field.setting for field in fields}
        self._keys: dict[str, str] = {}  # key → its variable
        if target.mode == "live":  # other modes use placeholders, which an answer may contain by chance
            key, secret = keys.key.get_secret_value(), keys.secret.get_secret_value() if keys.secret else ""
            variables = [f"${field.setting}" for field in fields if field.is_secret]
            self._keys = {secret: variables[-1], key: variables[0]}
            self._keys = {value: name for value, name in self._keys.items() if len(value) >= MIN_KEY_CHARS}

    def redact_text(self, text: str, max_chars: int, *, shorten_links: bool = True) -> str:
        """The first `max_chars` characters, without keys and, if shorten_links, with links reduced to their hosts."""
        redacted = self._replace_keys(text, max_chars)
        if shorten_links:
            redacted = strip_link_paths(redacted)
        return NAMED_KEY_PATTERN.sub(r"\1…", redacted)

    def redact_header(self, name: str, value: str) -> str:
        """The value of a header, shortened; that of a key header is replaced by its variable or "…"."""
        if name.lower() in KEY_HEADERS:
            variable = self.variables.get(name.lower())
            return f"${variable}" if variable else "…"
        return self.redact_text(value, 200)

    def _replace_keys(self, text: str, max_chars: int) -> str:
        """Replace keys in the first `max_chars` characters, also a key that crosses this limit."""
        margin = max(MARGIN_CHARS, MAX_ESCAPE_CHARS * max(map(len, self._keys), default=0))
        window = replace_unprintable(text[: max_chars + margin])
        matches = sorted(
            (start, -end, variable) for key, variable in self._keys.items() for start, end in find_escaped(key, window)
        )
        parts, position = [], 0
        for start, end, variable in matches:
            if start >= position:
                parts += [window[position:start], variable]
            position = max(position, -end)
        redacted = redact("".join([*parts, window[position:]]))
        is_complete = len(text) <= max_chars + margin  # else a key may be cut in half at the end
        return redacted[: max_chars if is_complete else min(max_chars, max(0, len(redacted) - margin))]
