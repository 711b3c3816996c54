"""`Redactor`: takes a call's credentials out of any text before it is shown.

Four filters, one after the other: this call's keys in any spelling; every registered secret, in base64 too; patterns
(links, and names of keys with a value, since a reply may hold somebody else's); and positions (query, headers).

`find_escaped` finds a word in either case, percent-encoded, escaped for JSON or HTML, and in several layers of these.
It makes no pattern of the word: `re` caches patterns, and a forgotten key must not remain in a cache.
"""

import re
import string
from collections.abc import Iterator, Sequence

from ..domain.model import CallTarget
from ..redaction.secrets import redact
from ..vendors import VENDORS

ESCAPE_PATTERN = re.compile(
    r"(?P<plain>[^\\%&]+)"
    r"|\\{1,4}u(?P<json>[0-9a-f]{4})"
    r"|%(?P<percent>[0-9a-f]{2})"
    r"|&#(?:x0{0,4}(?P<hex>[0-9a-f]{1,4})|0{0,4}(?P<decimal>[0-9]{1,4}));"
    r"|&(?P<name>amp|lt|gt|quot|apos);"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
HTML_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
MAX_UNESCAPE_DEPTH = 5  # layers of escaping
MAX_ESCAPE_CHARS = 20  # characters that one is spelled with
ASCII_LOWERCASE = str.maketrans(
    string.ascii_uppercase, string.ascii_lowercase
)  # keeps the length, which `lower` may not


def find_escaped(word: str, text: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of each occurrence of `word` in `text`."""
    if not word:
        return
    yield from _find_literal(word.translate(ASCII_LOWERCASE), text.translate(ASCII_LOWERCASE), range(len(text) + 1))
    if any(mark in text for mark in "\\%&"):
        decoded, offsets = _unescape(text)
        yield from _find_literal(
            _unescape(word)[0].translate(ASCII_LOWERCASE), decoded.translate(ASCII_LOWERCASE), offsets
        )


def _find_literal(word: str, text: str, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = text.find(word) if word else -1
    while start >= 0:
        yield offsets[start], offsets[start + len(word)]
        start = text.find(word, start + len(word))


def _unescape(text: str) -> tuple[str, list[int]]:
    """The unescaped text; and for each of its characters, and for its end, the offset in `text`."""
    offsets = list(range(len(text) + 1))
    for _ in range(MAX_UNESCAPE_DEPTH):
        decoded, inner_offsets = _unescape_once(text)
        if decoded == text:
            break
        text, offsets = decoded, [offsets[offset] for offset in inner_offsets]
    # Backslashes are left over from escaping: they are dropped here and in the word that is searched for.
    indexes = [index for index, character in enumerate(text) if character != "\\"]
    return text.replace("\\", ""), [*(offsets[offset] for offset in indexes), offsets[-1]]


def _unescape_once(text: str) -> tuple[str, list[int]]:
    """`text` with one layer of escaping removed, and the offsets."""
    decoded: list[str] = []
    offsets: list[int] = []
    for unit in ESCAPE_PATTERN.finditer(text):
        kind, found = unit.lastgroup, unit[unit.lastgroup or 0]
        if kind in ("json", "percent", "hex"):
            found = chr(int(found, 16))
        elif kind == "decimal":
            found = chr(int(found))
        elif kind == "name":
            found = HTML_ENTITIES[found.lower()]
        decoded.append(found)
        offsets += range(unit.start(), unit.end()) if kind == "plain" else [unit.start()]
    return "".join(decoded), [*offsets, len(text)]


_SECRET_FIELDS = [
    field for vendor in VENDORS.values() for field in (*vendor.keys, *vendor.marketplace_keys) if field.is_secret
]
KEY_QUERY_PARAMS = tuple(field.name for field in _SECRET_FIELDS if not field.is_header)
VENDOR_KEY_HEADERS = tuple(field.name for field in _SECRET_FIELDS if field.is_header)
KEY_HEADERS = (*VENDOR_KEY_HEADERS, "authorization", "proxy-authorization", "cookie", "set-cookie")
MARGIN_CHARS = 1000  # characters beyond the limit, in which a key may end that begins before it
MIN_KEY_CHARS = 6  # characters; anything shorter is no key, and would blank half of the text
LINK_PATTERN = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,11}):(?:\\{0,4}/){2}(?:[^\s\"'<>\\/?#]*@)?([^\s\"'<>\\/?#]*)[^\s\"'<>]*", re.IGNORECASE
)
ENCODED_LINK_PATTERN = re.compile(
    r"\b[a-z]{2,12}%(?:25)*3a%(?:25)*2f[^\s\"'<>]*", re.IGNORECASE
)  # within another's query
NAMED_KEY_PATTERN = re.compile(
    rf"((?:{'|'.join(map(re.escape, (*KEY_QUERY_PARAMS, *VENDOR_KEY_HEADERS)))})"
    r"[\\\"'\]]{0,6}\s{0,4}(?:=|:|%3d|,)\s{0,4}[\\\"'\[]{0,6})"
    r"(?!\$)[^\s\"'&,;}\]\\]+",
    re.IGNORECASE,
)
# Invisible characters, text direction marks, and surrogates.
UNPRINTABLE_PATTERN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


class Redactor:
    """Takes the credentials of a call to `target` out of any text."""

    def __init__(self, target: CallTarget) -> None:
        keys = target.credentials
        fields = VENDORS[target.provider].get_keys(marketplace=bool(keys.host))
        self.variables = {field.name: field.setting for field in fields}
        self._keys: dict[str, str] = {}  # each key with the variable that replaces it
        if target.mode == "live":  # elsewhere they are common words, which replies may well hold
            key, secret = keys.key.get_secret_value(), keys.secret.get_secret_value() if keys.secret else ""
            variables = [f"${field.setting}" for field in fields if field.is_secret]
            self._keys = {secret: variables[-1], key: variables[0]}
            self._keys = {value: name for value, name in self._keys.items() if len(value) >= MIN_KEY_CHARS}

    def redact_text(self, text: str, max_chars: int, *, shorten_links: bool = True) -> str:
        """The first `max_chars` characters without keys; links are cut down to their hosts."""
        redacted = self._replace_keys(text, max_chars)
        if shorten_links:
            redacted = ENCODED_LINK_PATTERN.sub("…", LINK_PATTERN.sub(r"\1://\2/…", redacted))
        return NAMED_KEY_PATTERN.sub(r"\1…", redacted)

    def redact_header(self, name: str, value: str) -> str:
        """A header's value; a key is replaced by its variable."""
        if name.lower() in KEY_HEADERS:
            variable = self.variables.get(name.lower())
            return f"${variable}" if variable else "…"
        return self.redact_text(value, 200)

    def _replace_keys(self, text: str, max_chars: int) -> str:
        """Replaces a key that crosses the limit as a whole."""
        margin = max(MARGIN_CHARS, MAX_ESCAPE_CHARS * max(map(len, self._keys), default=0))
        window = UNPRINTABLE_PATTERN.sub("\N{REPLACEMENT CHARACTER}", text[: max_chars + margin])
        matches = sorted(
            (start, -end, stands) for key, stands in self._keys.items() for start, end in find_escaped(key, window)
        )
        parts, position = [], 0
        for start, end, variable in matches:
            if start >= position:
                parts += [window[position:start], variable]
            position = max(position, -end)
        redacted = redact("".join([*parts, window[position:]]))
        is_complete = len(text) <= max_chars + margin  # else the end may hold half a key, which nothing recognises
        return redacted[: max_chars if is_complete else min(max_chars, max(0, len(redacted) - margin))]
