"""What the vendors' codes mean, the 22 shapes, and (from `words`) every word a person reads.

``data/*.toml`` and ``locales/*.toml`` are read once and checked whole; a row that does not fit is a ValueError that
names file and key. `check` reads all of them, for the app to do at start. Imports `words` alone; everybody from
floor 2 upward may import it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .words import Document, fill, gaps, languages, load, match_language, require, translate, words

__all__ = [
    "OUTCOMES",
    "Dialect",
    "NoAnswer",
    "Shape",
    "VendorCode",
    "answer",
    "check",
    "fill",
    "gaps",
    "languages",
    "match_language",
    "shapes",
    "text_slug",
    "translate",
    "vendor_code",
    "vendor_codes",
    "words",
]

OUTCOMES = ("refused", "not_processed", "unknown")
TEXT_READ = 4000  # characters of a vendor's text that are searched


@dataclass(frozen=True, slots=True)
class VendorCode:
    """One code of a vendor's. outcome: refused | not_processed | unknown (may have been billed)."""

    provider: str
    code: str
    slug: str
    outcome: str
    http: int
    constant: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the 22 shape types: `id` on the wire, `key` for words and warps."""

    id: int
    key: str
    vendor_label: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """A provider's codes, its telling texts in the order of their precedence, and the code for each slug."""

    codes: Mapping[str, VendorCode]
    texts: tuple[tuple[re.Pattern[str], str], ...]
    answers: Mapping[str, VendorCode]


class NoAnswer(KeyError):
    """The provider has no code for this slug."""


def vendor_code(provider: str, code: str) -> VendorCode | None:
    """What `code` means, or None when it is not in the vendor's lists."""
    dialect = _dialects().get(provider)
    return dialect.codes.get(code) if dialect else None


def vendor_codes(provider: str) -> tuple[str, ...]:
    """Every code in the vendor's lists, in their order."""
    return tuple(_dialects()[provider].codes)


def text_slug(provider: str, text: str) -> str | None:
    """The slug that a vendor's text decides by itself, whatever number stands beside it; None for most texts."""
    dialect = _dialects().get(provider)
    found = (slug for pattern, slug in (dialect.texts if dialect else ()) if pattern.search(text[:TEXT_READ]))
    return next(found, None)


def answer(provider: str, slug: str) -> VendorCode:
    """Backwards: the code with which `provider` says `slug`. Raises NoAnswer, a KeyError."""
    try:
        return _dialects()[provider].answers[slug]
    except KeyError:
        raise NoAnswer(f"data/errors.toml [{provider}.answers] {slug}") from None


@cache
def shapes() -> tuple[Shape, ...]:
    """The shape types in the order of their ids, 0 to 21."""
    return read_shapes(load("data/shape_types.toml"))


def check() -> None:
    """Read and check every file now. Raises ValueError by file and key."""
    _dialects()
    shapes()


# ── Reading: pure functions of a parsed document, so that a test can hand them a bad row ────────────────────────────
def read_dialects(document: Document, slugs: frozenset[str], file: str = "data/errors.toml") -> dict[str, Dialect]:
    """Each provider's dialect. `slugs`: those that have an explanation."""
    dialects = {}
    for provider, part in document.items():
        require({"codes", "answers"} <= set(part), f"{file} [{provider}]", "needs codes and answers")
        codes = {code: _read_code(provider, code, row, slugs, file) for code, row in part["codes"].items()}
        texts = []
        for number, row in enumerate(part.get("texts", ())):
            where = f"{file} [[{provider}.texts]] number {number + 1}"
            require(set(row) == {"pattern", "slug"}, where, "needs pattern, slug and no more")
            require(row["slug"] in slugs, where, f"no explanation for slug {row['slug']!r}")
            texts.append((re.compile(row["pattern"], re.IGNORECASE), row["slug"]))
        for slug, code in part["answers"].items():
            require(code in codes, f"{file} [{provider}.answers] {slug}", f"{code!r} is not among the codes")
        answers = {slug: codes[code] for slug, code in part["answers"].items()}
        dialects[provider] = Dialect(codes, tuple(texts), answers)
    return dialects


def read_shapes(document: Document, file: str = "data/shape_types.toml") -> tuple[Shape, ...]:
    """The shapes; ids count from 0 without a hole and keys differ."""
    found: list[Shape] = []
    for number, row in enumerate(document["shapes"]):
        where = f"{file} [[shapes]] number {number + 1}"
        require(set(row) == {"id", "key", "vendor_label"}, where, "needs id, key, vendor_label and no more")
        require(row["id"] == number, where, f"id {row['id']!r} should be {number}")
        require(row["key"] not in {shape.key for shape in found}, where, f"key {row['key']!r} is there already")
        found.append(Shape(**row))
    return tuple(found)


def _read_code(provider: str, code: str, row: Any, slugs: frozenset[str], file: str) -> VendorCode:
    where = f"{file} [{provider}.codes] {code}"
    require(isinstance(row, Mapping), where, "is not a table")
    require(set(row) <= {"slug", "outcome", "http", "constant"}, where, f"unknown field in {sorted(row)}")
    require(row.get("slug") in slugs, where, f"no explanation for slug {row.get('slug')!r}")
    require(row.get("outcome") in OUTCOMES, where, f"outcome {row.get('outcome')!r} is not one of {OUTCOMES}")
    http = row.get("http")
    require(isinstance(http, int) and 200 <= http <= 599, where, f"http {http!r} is not a status")
    return VendorCode(provider, code, **row)


@cache
def _dialects() -> Mapping[str, Dialect]:
    return read_dialects(load("data/errors.toml"), frozenset(words(languages()[0])["errors"]))
