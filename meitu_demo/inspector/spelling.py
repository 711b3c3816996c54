"""Finds a word in a text however its characters are spelled: in either case, percent-encoded, escaped for JSON or HTML,
and several of these one upon the other.

No pattern is made of the word: patterns are cached, and a key that was forgotten must be nowhere. Imports nothing of
ours; for `keys` alone.
"""

import re
import string
from collections.abc import Iterator, Sequence

UNIT = re.compile(
    r"(?P<plain>[^\\%&]+)"
    r"|\\{1,4}u(?P<json>[0-9a-f]{4})"
    r"|%(?P<percent>[0-9a-f]{2})"
    r"|&#(?:x0{0,4}(?P<hex>[0-9a-f]{1,4})|0{0,4}(?P<decimal>[0-9]{1,4}));"
    r"|&(?P<name>amp|lt|gt|quot|apos);"
    r"|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
NAMES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
LAYERS = 5  # of spelling that are taken off
LONGEST = 20  # characters that one is spelled with
SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)  # keeps the length, which `lower` may not


def find(word: str, text: str) -> Iterator[tuple[int, int]]:
    """Where `word` stands in `text`, each time from one place to another."""
    if not word:
        return
    yield from _plain(word.translate(SMALL), text.translate(SMALL), range(len(text) + 1))
    if any(mark in text for mark in "\\%&"):
        read, places = _read(text)
        yield from _plain(_read(word)[0].translate(SMALL), read.translate(SMALL), places)


def _plain(word: str, text: str, places: Sequence[int]) -> Iterator[tuple[int, int]]:
    at = text.find(word) if word else -1
    while at >= 0:
        yield places[at], places[at + len(word)]
        at = text.find(word, at + len(word))


def _read(text: str) -> tuple[str, list[int]]:
    """What `text` spells; and for each character of that, and for its end, the place in `text`."""
    places = list(range(len(text) + 1))
    for _ in range(LAYERS):
        read, found = _peel(text)
        if read == text:
            break
        text, places = read, [places[place] for place in found]
    # What is left of escaping: a backslash belongs to no word, neither here nor in the word that is looked for.
    kept = [place for place, character in enumerate(text) if character != "\\"]
    return text.replace("\\", ""), [*(places[place] for place in kept), places[-1]]


def _peel(text: str) -> tuple[str, list[int]]:
    """`text` with one layer of spelling taken off, and the places."""
    read: list[str] = []
    places: list[int] = []
    for unit in UNIT.finditer(text):
        kind, found = unit.lastgroup, unit[unit.lastgroup or 0]
        if kind in ("json", "percent", "hex"):
            found = chr(int(found, 16))
        elif kind == "decimal":
            found = chr(int(found))
        elif kind == "name":
            found = NAMES[found.lower()]
        read.append(found)
        places += range(unit.start(), unit.end()) if kind == "plain" else [unit.start()]
    return "".join(read), [*places, len(text)]
