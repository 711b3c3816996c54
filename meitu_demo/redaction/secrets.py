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

REDACTION_MARK = "…"
MIN_SECRET_CHARS = (
    6  # characters; a shorter secret is left alone: it would tear ordinary words, and it protects nothing
)
MAX_UNQUOTE_DEPTH = 3  # a URL within a URL within a URL
ENCODINGS: tuple[Callable[[str], str], ...] = (  # how text is written within other text
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
WHITESPACE = re.compile(r"(\s+)")
ASCII_LOWERCASE = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
SecretForms = frozenset[tuple[str, str]]  # in small letters, and as they are

# Secrets come and go in any thread, and the collector may run `_unregister` in the middle of anything. So there is no
# lock:
# each change puts a new mark, and forms that were gathered under another mark are gathered anew.
_registry: dict[int, SecretForms] = {}
_generation = object()
_forms_cache: tuple[object, tuple[tuple[str, str], ...]] = (_generation, ())


def register_secret(secret: SecretStr, *related_texts: str) -> SecretStr:
    """`secret` itself, which no text that is scrubbed shows for as long as this object lives. Cheap the second time.

    also: further texts that are as secret and live as long, such as the password within a database's URL.
    """
    global _generation
    if id(secret) not in _registry:  # by identity: of two that are equal, one may outlive the other
        texts = (secret.get_secret_value(), *related_texts)
        _registry[id(secret)] = frozenset(
            (_lower_ascii(form), form) for text in texts for form in _generate_forms(text)
        )
        weakref.finalize(secret, _unregister, id(secret)).atexit = False  # a line at the very end is scrubbed as well
        _generation = object()
    return secret


def redact(text: str) -> str:
    """`text` with "…" for every form of every guarded secret."""
    text = _redact_literals(text)
    if "%" not in text:
        return text
    # Each place in a URL has its own rules for what is percent-encoded there, so no list of forms holds them all.
    return "".join(_redact_percent_encoded(word) if "%" in word else word for word in WHITESPACE.split(text))


def format_stack_trace(error: BaseException) -> str:
    """The stack trace of `error`, scrubbed: for log lines of ours, which are clean whatever handler they come to."""
    return redact("".join(traceback.format_exception(error)))


def _redact_literals(text: str) -> str:
    lowered = _lower_ascii(text)
    found = [form for lowered_form, form in _get_forms() if lowered_form in lowered]
    return re.sub("|".join(map(re.escape, found)), REDACTION_MARK, text, flags=re.IGNORECASE) if found else text


def _redact_percent_encoded(word: str) -> str:
    """`word`; or what its percent-encoding stands for, scrubbed, if there is a secret in that."""
    plain = word
    for _ in range(MAX_UNQUOTE_DEPTH):
        previous, plain = plain, unquote(plain)
        if plain == previous:
            break
        if (redacted := _redact_literals(plain)) != plain:
            return _redact_percent_encoded(redacted) if "%" in redacted else redacted
    return word


def _unregister(secret_id: int) -> None:
    global _generation
    _registry.pop(secret_id, None)
    _generation = object()


def _get_forms() -> tuple[tuple[str, str], ...]:
    """The longest first: one secret may lie within another."""
    global _forms_cache
    generation, forms = _forms_cache
    if generation is not _generation:
        generation = _generation  # before looking: what changes meanwhile has a newer one
        all_forms: SecretForms = frozenset().union(*_snapshot_registry())
        forms = tuple(sorted(all_forms, key=lambda form: len(form[0]), reverse=True))
        _forms_cache = generation, forms
    return forms


def _snapshot_registry() -> list[SecretForms]:
    while True:
        try:
            return list(_registry.values())
        except RuntimeError:  # another came or went meanwhile
            continue


def _generate_forms(text: str) -> Iterator[str]:
    """How `text` may be written, also within a writing of another kind, and within base64."""
    if len(text) < MIN_SECRET_CHARS:
        return
    encoded_forms = {text, *(encode(text) for encode in ENCODINGS)}
    encoded_forms |= {
        core for form in encoded_forms for core in _generate_base64_cores(form.encode("utf-8", "replace"))
    }
    yield from {form for text in encoded_forms for form in (text, *(write(text) for write in ENCODINGS))}


def _generate_base64_cores(data: bytes) -> Iterator[str]:
    """The characters that stand for `data` and for nothing else, wherever it begins within what was encoded."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data).decode("ascii").rstrip("=")
        core = text[-(-offset * 4 // 3) : len(text) if (offset + len(data)) % 3 == 0 else -1]
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _lower_ascii(text: str) -> str:
    """`text` with A to Z in small letters, and nothing else touched: other letters change with what is beside them."""
    return text.lower() if text.isascii() else text.translate(ASCII_LOWERCASE)
