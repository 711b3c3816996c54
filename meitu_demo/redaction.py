"""Knows which secrets are alive, and takes them out of text: out of log lines, and of whatever a stranger quotes.

    guard(secret)   from here on, for as long as somebody holds this SecretStr
    scrub(text)     each form of each guarded secret becomes "…", in whatever case

Imports nothing of ours; everybody may import it.
"""

import base64
import html
import json
import re
import traceback
import weakref
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote

from pydantic import SecretStr

HIDDEN = "…"
SHORTEST = 6  # characters; a shorter secret is left alone: it would tear ordinary words, and it protects nothing
UNQUOTINGS = 3  # a URL within a URL within a URL
WRITINGS: tuple[Callable[[str], str], ...] = (  # how text is written within other text
    lambda text: quote(text, safe="", errors="replace"),
    lambda text: quote_plus(text, errors="replace"),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    lambda text: repr(text)[1:-1],
    lambda text: repr(text + "'\"")[1:-4],  # beside both kinds of quotes
    lambda text: re.sub(
        "[<>&']", lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text)[1:-1]
    ),  # in a page's script
    html.escape,
)
SPACE = re.compile(r"(\s+)")
SMALL = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
Forms = frozenset[tuple[str, str]]  # in small letters, and as they are

# Secrets come and go in any thread, and the collector may run `_forget` in the middle of anything. So there is no lock:
# each change puts a new mark, and forms that were gathered under another mark are gathered anew.
_alive: dict[int, Forms] = {}
_mark = object()
_gathered: tuple[object, tuple[tuple[str, str], ...]] = (_mark, ())


def guard(secret: SecretStr, *also: str) -> SecretStr:
    """`secret` itself, which no text that is scrubbed shows for as long as this object lives. Cheap the second time.

    also: further texts that are as secret and live as long, such as the password within a database's URL.
    """
    global _mark
    if id(secret) not in _alive:  # by identity: of two that are equal, one may outlive the other
        texts = (secret.get_secret_value(), *also)
        _alive[id(secret)] = frozenset((_small(form), form) for text in texts for form in _forms(text))
        weakref.finalize(secret, _forget, id(secret)).atexit = False  # a line at the very end is scrubbed as well
        _mark = object()
    return secret


def scrub(text: str) -> str:
    """`text` with "…" for every form of every guarded secret."""
    text = _hide(text)
    if "%" not in text:
        return text
    # Each place in a URL has its own rules for what is percent-encoded there, so no list of forms holds them all.
    return "".join(_unquoted(word) if "%" in word else word for word in SPACE.split(text))


def stack_trace(error: BaseException) -> str:
    """The stack trace of `error`, scrubbed: for log lines of ours, which are clean whatever handler they come to."""
    return scrub("".join(traceback.format_exception(error)))


def _hide(text: str) -> str:
    small = _small(text)
    found = [form for small_form, form in _all_forms() if small_form in small]
    return re.sub("|".join(map(re.escape, found)), HIDDEN, text, flags=re.IGNORECASE) if found else text


def _unquoted(word: str) -> str:
    """`word`; or what its percent-encoding stands for, scrubbed, if there is a secret in that."""
    plain = word
    for _ in range(UNQUOTINGS):
        before, plain = plain, unquote(plain)
        if plain == before:
            break
        if (hidden := _hide(plain)) != plain:
            return _unquoted(hidden) if "%" in hidden else hidden
    return word


def _forget(number: int) -> None:
    global _mark
    _alive.pop(number, None)
    _mark = object()


def _all_forms() -> tuple[tuple[str, str], ...]:
    """The longest first: one secret may lie within another."""
    global _gathered
    mark, forms = _gathered
    if mark is not _mark:
        mark = _mark  # before looking: what changes meanwhile has a newer one
        every: Forms = frozenset().union(*_living())
        forms = tuple(sorted(every, key=lambda form: len(form[0]), reverse=True))
        _gathered = mark, forms
    return forms


def _living() -> list[Forms]:
    while True:
        try:
            return list(_alive.values())
        except RuntimeError:  # another came or went meanwhile
            continue


def _forms(text: str) -> Iterator[str]:
    """How `text` may be written, also within a writing of another kind, and within base64."""
    if len(text) < SHORTEST:
        return
    written = {text, *(write(text) for write in WRITINGS)}
    written |= {core for form in written for core in _base64(form.encode("utf-8", "replace"))}
    yield from {form for text in written for form in (text, *(write(text) for write in WRITINGS))}


def _base64(data: bytes) -> Iterator[str]:
    """The characters that stand for `data` and for nothing else, wherever it begins within what was encoded."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + data).decode("ascii").rstrip("=")
        core = text[-(-before * 4 // 3) : len(text) if (before + len(data)) % 3 == 0 else -1]
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _small(text: str) -> str:
    """`text` with A to Z in small letters, and nothing else touched: other letters change with what is beside them."""
    return text.lower() if text.isascii() else text.translate(SMALL)
