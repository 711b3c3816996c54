"""No encoding of a registered secret survives `redact`, other text is unchanged, and a released secret is forgotten."""

import base64
import gc
import json
import random
import string
import threading
import time
import timeit
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from support.encodings import ENCODINGS

from meitu_demo.redaction import secrets as redaction
from meitu_demo.redaction.secrets import MIN_SECRET_CHARS, REDACTION_MARK, format_stack_trace, redact, register_secret

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=MIN_SECRET_CHARS, max_size=60)
ANY = st.text(st.characters(exclude_characters=REDACTION_MARK), min_size=MIN_SECRET_CHARS, max_size=60)
SURROUNDINGS = st.text(max_size=20)
WORDS = st.text("\n ÄÖé中¿", max_size=20)  # none that a secret may be made of
KEY = "Kq7ZtB2mXw9LrV4cNp8HsD3f"
SPECIAL_CHARS_KEY = "a8/+sd=&\"%7B\\V'w9 Yp2<LmX4qR8"

FORMS: dict[str, Callable[[str], str]] = {
    **ENCODINGS,
    "percent in a path": quote,
    "percent as JavaScript has it": lambda text: quote(text, safe="!'()*~"),
    "percent as httpx has it": lambda text: httpx.URL("https://host", params={"k": text}).query.decode()[2:],
    "JSON, letters as they are": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "repr": lambda text: repr(text)[1:-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 in a query": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "base64 of percent": lambda text: base64.b64encode(quote(text, safe="").encode()).decode(),
    "urlsafe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "capitals": str.upper,
}


@pytest.fixture(autouse=True)
def no_other_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other tests still hold is none of these."""
    gc.collect()
    monkeypatch.setattr(redaction, "_registry", {})
    monkeypatch.setattr(redaction, "_generation", object())


# ── Scrubbing ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("form", sorted(FORMS))
@given(secret=PRINTABLE, before=WORDS, after=WORDS)
def test_redact_removes_every_encoding(form: str, secret: str, before: str, after: str) -> None:
    """Each encoding of any printable secret is removed, whatever surrounds it."""
    registered = register_secret(SecretStr(secret))
    written = FORMS[form](secret)
    core = written.rstrip("=")[:-1].lower() if "base64" in form else written.lower()
    redacted = redact(f"{before} {written} {after}")
    assert REDACTION_MARK in redacted
    assert core not in redacted.lower()
    del registered


@given(secret=ANY, before=SURROUNDINGS, after=SURROUNDINGS)
def test_redact_removes_secrets_of_any_alphabet(secret: str, before: str, after: str) -> None:
    """A secret may hold any characters, those with context-dependent case and lone surrogates included."""
    registered = register_secret(SecretStr(secret))
    assert secret not in redact(before + secret + after).replace(before, "").replace(after, "")
    del registered


@example(secret="000000", before=b"\0\0", after=b"\0\0", urlsafe=False)  # found at two alignments, which overlap
@given(secret=PRINTABLE, before=st.binary(max_size=8), after=st.binary(max_size=8), urlsafe=st.booleans())
def test_redact_removes_base64_at_any_alignment(secret: str, before: bytes, after: bytes, urlsafe: bool) -> None:
    """Of a secret within base64, at most the two characters that it shares with its neighbours remain."""
    registered = register_secret(SecretStr(secret))
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    text = encode(before + secret.encode() + after).decode()
    redacted = redact(text)
    assert redacted.count(REDACTION_MARK) == 1
    head, tail = redacted.split(REDACTION_MARK)
    assert len(head) <= len(before) * 8 // 6 + 1
    assert len(tail.rstrip("=")) <= len(after) * 8 // 6 + 2
    assert text.startswith(head)
    assert text.endswith(tail)
    del registered


@given(secrets=st.lists(PRINTABLE, min_size=1, max_size=4), text=st.text(max_size=200))
def test_redact_leaves_other_text_unchanged(secrets: list[str], text: str) -> None:
    """A text without a secret is returned as it is."""
    registered = [register_secret(SecretStr(secret)) for secret in secrets]
    if all(form.lower() not in text.lower() for _, form in redaction._get_forms()):
        assert redact(text) == text
    del registered


@given(secrets=st.lists(PRINTABLE, min_size=2, max_size=4), data=st.data())
def test_redact_removes_overlapping_secrets(secrets: list[str], data: st.DataObject) -> None:
    """Secrets that are adjacent, nested, overlapping or equal are all removed."""
    secrets.append(secrets[0][2:] + secrets[1][:3])
    registered = [register_secret(SecretStr(secret)) for secret in secrets]
    text = "".join(data.draw(st.permutations(secrets)))
    redacted = redact(text).lower()
    assert not [secret for secret in secrets if len(secret) >= MIN_SECRET_CHARS and secret.lower() in redacted]
    del registered


def test_redact_ignores_short_secrets() -> None:
    """Secrets below the minimum length are not redacted: that would tear ordinary words."""
    registered = register_secret(SecretStr("short"))
    assert redact("a short word") == "a short word"
    del registered


def test_format_stack_trace_is_redacted() -> None:
    """A formatted stack trace is redacted, its causes included."""
    registered = register_secret(SecretStr(SPECIAL_CHARS_KEY))
    try:
        try:
            raise ValueError(f"while at https://host/?key={quote(SPECIAL_CHARS_KEY)}")
        except ValueError as cause:
            raise RuntimeError(SPECIAL_CHARS_KEY) from cause
    except RuntimeError as error:
        found = format_stack_trace(error)
    assert "ValueError: while at https://host/?key=…" in found
    assert "RuntimeError: …" in found
    assert "test_format_stack_trace_is_redacted" in found
    del registered


# ── Life ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_register_secret_forgets_released_secrets() -> None:
    """Equal secrets count separately; after the last one is released, nothing of it is kept."""
    one, other = register_secret(SecretStr(KEY)), register_secret(SecretStr(KEY))
    assert redact(KEY) == REDACTION_MARK
    del one
    assert redact(KEY) == REDACTION_MARK
    del other
    gc.collect()
    assert redact(KEY) == KEY
    assert not redaction._registry


def test_register_secret_is_idempotent() -> None:
    """Registering the same object again returns it and does not rebuild the forms."""
    secret = SecretStr(KEY)
    assert register_secret(register_secret(secret)) is secret
    forms = redaction._get_forms()
    register_secret(secret)
    assert redaction._get_forms() is forms
    del secret
    gc.collect()
    assert redact(KEY) == KEY


def test_register_secret_covers_related_texts() -> None:
    """A password within a URL is redacted for as long as the URL lives."""
    url = register_secret(SecretStr("postgresql://me:hunter22@host/db"), "hunter22")
    assert redact("hunter22 at postgresql://me:hunter22@host/db") == "… at …"
    del url
    gc.collect()
    assert redact("hunter22") == "hunter22"


def test_register_secret_is_thread_safe() -> None:
    """A secret is redacted from the moment that `register_secret` returns, whatever other threads do."""
    redacted_texts: list[str] = []

    def register_and_release(number: int) -> None:
        for round_ in range(100):
            key = f"key-{number}-{round_}-{KEY}"
            registered = register_secret(SecretStr(key))
            redacted_texts.append(redact(f"<{key}>"))
            del registered

    threads = [threading.Thread(target=register_and_release, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(redacted_texts) == {f"<{REDACTION_MARK}>"}
    assert len(redacted_texts) == 400


def test_redact_survives_a_registry_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the garbage collector releases a secret during the collection of forms, the others are still redacted."""
    pending_failures = ["one", "another"]

    class Changing(dict[int, Any]):
        def values(self) -> Any:
            if pending_failures and pending_failures.pop():
                raise RuntimeError("dictionary changed size during iteration")
            return super().values()

    monkeypatch.setattr(redaction, "_registry", Changing())
    registered = register_secret(SecretStr(KEY))
    assert redact(KEY) == REDACTION_MARK
    assert not pending_failures
    del registered


# ── Speed ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def five_secrets() -> list[SecretStr]:
    """Two odd ones among them, which have many forms."""
    draw = random.Random(5)
    plain = ["".join(draw.choices(string.ascii_letters + string.digits, k=32)) for _ in range(3)]
    return [
        register_secret(SecretStr(key)) for key in (*plain, SPECIAL_CHARS_KEY, "postgresql://user:pa%40ss@host/name")
    ]


def test_redact_is_fast(five_secrets: list[SecretStr], figure: Callable[[str], None]) -> None:
    """A usual log line takes microseconds; the bound is wide, for a machine that is busy."""
    line = "2026-03-08 14:25:01 INFO httpx: HTTP Request: POST https://host.example/v3/facefuse?a=1 ".ljust(200, "x")
    best = min(timeit.repeat(lambda: redact(line), timer=time.process_time, number=500, repeat=5)) / 500
    figure(f"redaction: a line of 200 characters against 5 secrets in {best * 1e6:.0f} µs")
    assert best < 200e-6
