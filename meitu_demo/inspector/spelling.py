"""Finds a word in a text however its characters are spelled: in either case, percent-encoded, escaped for JSON or HTML,
and several of these one upon the other.

No pattern is made of the word: patterns are cached, and a key that was forgotten must be nowhere. Imports nothing of
ours; for `keys` alone.
"""

import re
import string
from collections.abc import Iterator, Sequence

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
