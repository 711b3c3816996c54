"""Looks for keys in anything, in any writing that can be read back: by reading it back, not by writing it as the app
does; for test_canary_key.
"""

import base64
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, unquote_plus

IN_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")
BACKSLASHED = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})|\\(.)")


def seen(found: str | bytes, keys: Iterable[str]) -> set[str]:
    """Which of `keys` stand in `found`, in whatever writing and case."""
    text = found.decode("latin-1") if isinstance(found, bytes) else found
    wanted = {key: key.lower() for key in keys}
    readings = {reading.lower() for reading in _readings(text)}
    return {key for key, small in wanted.items() if any(small in reading for reading in readings)}


def _readings(text: str) -> Iterator[str]:
    layers = _peeled({text})
    if not text.isascii():  # what a person sees, who sees nothing of some characters
        yield "".join(char for char in text if unicodedata.category(char) != "Cf")
    yield from layers
    for layer in layers:
        for run in IN_BASE64.findall(layer):
            for start in range(4):
                part = run[start:].replace("-", "+").replace("_", "/")
                yield base64.b64decode(part[: len(part) // 4 * 4]).decode("latin-1")
                yield from _peeled({base64.b64decode(part + "A" * (-len(part) % 4)).decode("latin-1")}, 1)


def _peeled(texts: set[str], times: int = 3) -> set[str]:
    """`texts`, and what is under up to three layers of quoting."""
    for _ in range(times):
        texts = texts | {under for text in texts for under in _under(text)}
    return texts


def _under(text: str) -> Iterator[str]:
    if "%" in text:
        yield unquote(text)
    if "%" in text or "+" in text:
        yield unquote_plus(text)
    if "\\" in text:
        yield BACKSLASHED.sub(_character, text)
    if "&" in text:
        yield html.unescape(text)


def _character(found: re.Match[str]) -> str:
    code = found[1] or found[2]
    return chr(int(code, 16)) if code else found[3]
