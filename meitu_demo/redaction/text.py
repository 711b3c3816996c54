"""Makes untrusted text safe to show, and finds words in it that are escaped."""

import re
import string
import unicodedata
from collections.abc import Iterator, Sequence

from .secrets import redact

MAX_CLEAN_CHARS = 200  # of a sanitised text
MAX_READ_CHARS = 2000  # of the original text
UNCERTAIN_TAIL_CHARS = 1000  # removed from the end of a longer text: a key that was cut in half is not recognised
MAX_UNESCAPE_DEPTH = 5  # layers of escaping that are undone
MAX_ESCAPE_CHARS = 20  # of the longest escape of one character

# A vendor's message may quote a result link or somebody else's key, which is not registered.
LINK_OR_KEY = re.compile(r"\w{1,12}://\S+|(?:key|secret)\w{0,20}[\"']?\s{0,4}[=:]\s{0,4}\S+", re.IGNORECASE)
LINK_PATTERN = re.compile(
    r"\b([a-z][a-z0-9+.-]{1,11}):(?:\\{0,4}/){2}(?:[^\s\"'<>\\/?#]*@)?([^\s\"'<>\\/?#]*)[^\s\"'<>]*", re.IGNORECASE
)
ENCODED_LINK_PATTERN = re.compile(r"\b[a-z]{2,12}%(?:25)*3a%(?:25)*2f[^\s\"'<>]*", re.IGNORECASE)  # in a query
# Characters that a screen does not show or that reverse the text, and halves of surrogate pairs.
UNPRINTABLE_PATTERN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
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
# `str.lower` may change the length of a text, and with it every offset.
ASCII_LOWERCASE = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def sanitize(text: object, max_chars: int = MAX_CLEAN_CHARS) -> str:
    """`text` on one line without keys, links, control, direction and other invisible characters, shortened.

    Only the first MAX_READ_CHARS are read, because untrusted text may be as long as a whole response.
    """
    full_text = str(text)
    visible = (
        " " if char.isspace() else char
        for char in full_text[:MAX_READ_CHARS]
        if char.isspace() or unicodedata.category(char)[0] != "C"
    )  # fmt: skip
    line = " ".join("".join(visible).split())
    line = redact(LINK_OR_KEY.sub("…", line))  # last, because invisible characters could hide a key
    if len(full_text) > MAX_READ_CHARS:
        line = line[:-UNCERTAIN_TAIL_CHARS] + "…"
    return line if len(line) <= max_chars else line[: max_chars - 1].rstrip() + "…"


def strip_link_paths(text: str) -> str:
    """`text` with "https://host/…" for each link, and "…" for each percent-encoded one."""
    return ENCODED_LINK_PATTERN.sub("…", LINK_PATTERN.sub(r"\1://\2/…", text))


def replace_unprintable(text: str) -> str:
    """`text` with the replacement character U+FFFD for each character that cannot be seen."""
    return UNPRINTABLE_PATTERN.sub("\N{REPLACEMENT CHARACTER}", text)


def find_escaped(word: str, text: str) -> Iterator[tuple[int, int]]:
    """The (start, end) of each occurrence of `word` in `text`, in either case and under up to five layers of escaping.

    Understands percent-encoding, JSON and HTML escapes. Compiles no pattern from `word`: `re` caches patterns, and a
    secret that was deleted must not remain in memory.
    """
    if not word:
        return
    yield from _find_literal(word.translate(ASCII_LOWERCASE), text.translate(ASCII_LOWERCASE), range(len(text) + 1))
    if any(char in text for char in "\\%&"):
        decoded, offsets = _unescape(text)
        plain_word = _unescape(word)[0].translate(ASCII_LOWERCASE)
        yield from _find_literal(plain_word, decoded.translate(ASCII_LOWERCASE), offsets)


def _find_literal(word: str, text: str, offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    start = text.find(word) if word else -1
    while start >= 0:
        yield offsets[start], offsets[start + len(word)]
        start = text.find(word, start + len(word))


def _unescape(text: str) -> tuple[str, list[int]]:
    """`text` decoded; and the offset in `text` of each decoded character, and of the end."""
    offsets = list(range(len(text) + 1))
    for _ in range(MAX_UNESCAPE_DEPTH):
        decoded, inner_offsets = _unescape_once(text)
        if decoded == text:
            break
        text, offsets = decoded, [offsets[offset] for offset in inner_offsets]
    # Remaining backslashes are ignored, in the text and in the word that is searched.
    indexes = [index for index, character in enumerate(text) if character != "\\"]
    return text.replace("\\", ""), [*(offsets[index] for index in indexes), offsets[-1]]


def _unescape_once(text: str) -> tuple[str, list[int]]:
    """`text` with one layer of escaping undone, and the offsets."""
    decoded: list[str] = []
    offsets: list[int] = []
    for match in ESCAPE_PATTERN.finditer(text):
        kind, char = match.lastgroup, match[match.lastgroup or 0]
        if kind in ("json", "percent", "hex"):
            char = chr(int(char, 16))
        elif kind == "decimal":
            char = chr(int(char))
        elif kind == "name":
            char = HTML_ENTITIES[char.lower()]
        decoded.append(char)
        offsets += range(match.start(), match.end()) if kind == "plain" else [match.start()]
    return "".join(decoded), [*offsets, len(text)]
