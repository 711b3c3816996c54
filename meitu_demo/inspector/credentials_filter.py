"""Where a call's keys are, what they are called in a program, and a `Redactor` that takes them out of any text.

Four nets, one behind the other: letter by letter (this call's own keys, however spelled), every key that anybody here
holds (in base64 as well), by the look of it (links, and names of keys with a value behind them: an answer may hold a
stranger's), and by place (the query, the headers). Imports `redaction` and `spec`; for this package alone.
"""

import re
import string
from collections.abc import Iterator, Sequence

from ..domain.model import CallTarget
from ..redaction.secrets import redact
from ..vendors import VENDORS

# MERGED inspector/spelling.py: Finds a word in a text however its characters are spelled: in either case, percent-
# encoded, escaped for JSON or HTML, and several of these one upon the other. No pattern is made of the word: patterns
# are cached, and a key that was forgotten must be nowhere. Imports nothing of ours; for `keys` alone.

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
MAX_UNESCAPE_DEPTH = 5  # of spelling that are taken off
MAX_ESCAPE_CHARS = 20  # characters that one is spelled with
ASCII_LOWERCASE = str.maketrans(
    string.ascii_uppercase, string.ascii_lowercase
)  # keeps the length, which `lower` may not


def find_escaped(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Where `word` stands in `text`, each time from one place to another."""
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
    """What `text` spells; and for each character of that, and for its end, the place in `text`."""
    offsets = list(range(len(text) + 1))
    for _ in range(MAX_UNESCAPE_DEPTH):
        decoded, inner_offsets = _unescape_once(text)
        if decoded == text:
            break
        text, offsets = decoded, [offsets[place] for place in inner_offsets]
    # What is left of escaping: a backslash belongs to no word, neither here nor in the word that is looked for.
    indexes = [index for index, character in enumerate(text) if character != "\\"]
    return text.replace("\\", ""), [*(offsets[place] for place in indexes), offsets[-1]]


def _unescape_once(text: str) -> tuple[str, list[int]]:
    """`text` with one layer of spelling taken off, and the places."""
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
MARGIN_CHARS = 1000  # characters beyond what is shown, in which a key may end that begins before
MIN_KEY_CHARS = 6  # characters; what is shorter is nobody's key, and would blank half of what is shown
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
# Characters that a screen does not show, or that turn the text around, and halves of characters.
UNPRINTABLE_PATTERN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


class Redactor:
    """Takes out of any text what must not be shown of a call by `route`."""

    def __init__(self, target: CallTarget) -> None:
        keys = target.credentials
        fields = VENDORS[target.provider].get_keys(marketplace=bool(keys.host))
        self.variables = {field.name: field.setting for field in fields}
        self._keys: dict[str, str] = {}  # with what stands for each
        if target.mode == "live":  # elsewhere they are words that everybody knows, and that answers may well hold
            key, secret = keys.key.get_secret_value(), keys.secret.get_secret_value() if keys.secret else ""
            variables = [f"${field.setting}" for field in fields if field.is_secret]
            self._keys = {secret: variables[-1], key: variables[0]}
            self._keys = {value: name for value, name in self._keys.items() if len(value) >= MIN_KEY_CHARS}

    def redact_text(self, text: str, max_chars: int, *, shorten_links: bool = True) -> str:
        """The first `longest` characters without keys, and where links lead by their hosts alone."""
        redacted = self._replace_keys(text, max_chars)
        if shorten_links:
            redacted = ENCODED_LINK_PATTERN.sub("…", LINK_PATTERN.sub(r"\1://\2/…", redacted))
        return NAMED_KEY_PATTERN.sub(r"\1…", redacted)

    def redact_header(self, name: str, value: str) -> str:
        """A header's value; in place of a key, its variable."""
        if name.lower() in KEY_HEADERS:
            variable = self.variables.get(name.lower())
            return f"${variable}" if variable else "…"
        return self.redact_text(value, 200)

    def _replace_keys(self, text: str, max_chars: int) -> str:
        """A key across the border goes as a whole."""
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
        is_complete = len(text) <= max_chars + margin  # or half a key may stand at the end, which nothing recognises
        return redacted[: max_chars if is_complete else min(max_chars, max(0, len(redacted) - margin))]
