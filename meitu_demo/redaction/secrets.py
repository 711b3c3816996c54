"""Registry of live secrets, and `redact`, which removes them from text.

A secret is found raw and encoded: percent-encoded, JSON, repr, HTML, base64, and one of these within another.
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
MIN_SECRET_CHARS = 6  # redacting shorter ones would mutilate ordinary words, and they protect nothing
MAX_UNQUOTE_DEPTH = 3  # a URL within a URL within a URL
SCRIPT_UNSAFE = re.compile("[<>&']")
ENCODINGS: tuple[Callable[[str], str], ...] = (  # how text is written within other text
    lambda text: quote(text, safe="", errors="replace"),
    lambda text: quote_plus(text, errors="replace"),
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1].replace("/", "\\/"),
    lambda text: repr(text)[1:-1],
    lambda text: repr(text + "'\"")[1:-4],  # as in a text that holds both kinds of quotes
    lambda text: SCRIPT_UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text)[1:-1]),  # <script>
    html.escape,
)
WHITESPACE = re.compile(r"(\s+)")
ASCII_LOWERCASE = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
SecretForms = frozenset[tuple[str, str]]  # (lowercase, as written)

# There is no lock: any thread may add a secret, and the garbage collector may run `_unregister` at any moment. Instead
# each change sets a new generation, and forms that were cached for another generation are collected again.
_registry: dict[int, SecretForms] = {}
_generation = object()
_forms_cache: tuple[object, tuple[tuple[str, str], ...]] = (_generation, ())


def register_secret(secret: SecretStr, *related_texts: str) -> SecretStr:
    """Redact `secret` for as long as this object lives, and return it. Cheap when it is registered already.

    related_texts: further secrets that live as long, such as the password within a database's URL.
    """
    global _generation
    if id(secret) not in _registry:  # by identity: of two equal secrets, one may outlive the other
        texts = (secret.get_secret_value(), *related_texts)
        _registry[id(secret)] = frozenset(
            (_lower_ascii(form), form) for text in texts for form in _generate_forms(text)
        )
        weakref.finalize(secret, _unregister, id(secret)).atexit = False  # lines logged at exit are redacted as well
        _generation = object()
    return secret


def redact(text: str) -> str:
    """`text` with "…" for every form of every registered secret, in upper or lower case."""
    text = _redact_literals(text)
    if "%" not in text:
        return text
    # Each part of a URL has its own rules for what is percent-encoded, so no list of forms holds every variant.
    return "".join(_redact_percent_encoded(word) if "%" in word else word for word in WHITESPACE.split(text))


def format_stack_trace(error: BaseException) -> str:
    """The redacted stack trace of `error`: log lines with it are clean even without `RedactingFilter`."""
    return redact("".join(traceback.format_exception(error)))


def _redact_literals(text: str) -> str:
    lowered = _lower_ascii(text)
    found = [form for lowered_form, form in _get_forms() if lowered_form in lowered]
    if not found:
        return text
    parts, position = [], 0
    # In a lookahead, because forms may overlap: each match consumes nothing.
    for match in re.finditer(f"(?=({'|'.join(map(re.escape, found))}))", text, re.IGNORECASE):
        start, end = match.span(1)
        if start >= position:
            parts += [text[position:start], REDACTION_MARK]
        position = max(position, end)
    return "".join([*parts, text[position:]])


def _redact_percent_encoded(word: str) -> str:
    """`word` as it is; decoded and redacted if a secret is found under its percent-encoding."""
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
    """All forms of all secrets, the longest first, because one secret may contain another."""
    global _forms_cache
    generation, forms = _forms_cache
    if generation is not _generation:
        generation = _generation  # read before the registry: a change in between sets a newer one
        all_forms: SecretForms = frozenset().union(*_snapshot_registry())
        forms = tuple(sorted(all_forms, key=lambda form: len(form[0]), reverse=True))
        _forms_cache = generation, forms
    return forms


def _snapshot_registry() -> list[SecretForms]:
    while True:
        try:
            return list(_registry.values())
        except RuntimeError:  # the dictionary changed during the iteration
            continue


def _generate_forms(text: str) -> Iterator[str]:
    """`text` in each encoding, in base64, and each of these encoded once more."""
    if len(text) < MIN_SECRET_CHARS:
        return
    encoded = {text, *(encode(text) for encode in ENCODINGS)}
    encoded |= {core for form in encoded for core in _generate_base64_cores(form.encode("utf-8", "replace"))}
    yield from {nested for form in encoded for nested in (form, *(encode(form) for encode in ENCODINGS))}


def _generate_base64_cores(data: bytes) -> Iterator[str]:
    """The base64 characters that depend on `data` alone, for each alignment within the encoded text."""
    for offset in range(3):
        text = base64.b64encode(bytes(offset) + data).decode("ascii").rstrip("=")
        core = text[-(-offset * 4 // 3) : len(text) if (offset + len(data)) % 3 == 0 else -1]
        yield from (core, core.replace("+", "-").replace("/", "_"))


def _lower_ascii(text: str) -> str:
    """`text` with A to Z in lowercase only: the case of other letters may depend on their neighbours."""
    return text.lower() if text.isascii() else text.translate(ASCII_LOWERCASE)
