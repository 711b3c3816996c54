"""Vendor error codes (``data/errors.toml``) and the 22 facial shape types (``data/shape_types.toml``).

Both files are read and validated once; an invalid row raises a ValueError that names file and key. `check_tables` does
this at startup.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .errors import VendorError
from .translations import Document, get_texts, list_languages, load_toml, require

ERRORS_FILE, SHAPES_FILE = "data/errors.toml", "data/shape_types.toml"
FACE_PARTS = ("face", "eyes", "nose", "mouth")
BILLING_OUTCOMES = ("refused", "not_processed", "unknown")
CODE_NAME = re.compile(r"\b[A-Z][A-Z0-9_]{4,60}\b")
MAX_SEARCHED_CHARS = 4000  # of a vendor's message


@dataclass(frozen=True, slots=True)
class VendorCode:
    """One error code of a vendor. outcome: refused | not_processed | unknown (may have been billed)."""

    vendor_id: str
    code: str
    slug: str
    outcome: str
    http: int
    constant: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """One of the 22 shape types: `id` on the wire, `key` for its texts and its warp, `part` one of FACE_PARTS.

    is_our_reading: what it moves is not certain from the vendor's label.
    """

    id: int
    key: str
    part: str
    vendor_label: str
    is_our_reading: bool = False


@dataclass(frozen=True, slots=True)
class VendorErrorTable:
    """A vendor's codes, by number and by name; message patterns that take precedence over a code (in order); and the
    code for each slug. A name that several codes share means the most cautious of them.
    """

    codes: Mapping[str, VendorCode]
    codes_by_name: Mapping[str, VendorCode]
    text_patterns: tuple[tuple[re.Pattern[str], str], ...]
    codes_by_slug: Mapping[str, VendorCode]


def find_vendor_code(vendor_id: str, code: str) -> VendorCode | None:
    """The entry for `code`, or None when it is not in the vendor's list."""
    return _get_error_table(vendor_id).codes.get(code)


def interpret_vendor_error(error: VendorError) -> VendorCode | None:
    """What `error` means: by a text that decides whatever the code, by its code, or by a code's name in its texts.

    None if none of them is in the vendor's lists. A text that decides is always a refusal.
    """
    texts = f"{error.vendor_message}\n{error.facts.get('vendor_detail', '')}"
    slug = match_text_slug(error.vendor_id, texts)
    if slug:
        return VendorCode(error.vendor_id, error.code, slug, "refused", http=0)
    return find_vendor_code(error.vendor_id, error.code) or find_named_code(error.vendor_id, texts)


def find_named_code(vendor_id: str, text: str) -> VendorCode | None:
    """The first code that a vendor's text calls by name, such as DETECT_NOT_FACE; None for most texts."""
    codes_by_name = _get_error_table(vendor_id).codes_by_name
    names = CODE_NAME.findall(text[:MAX_SEARCHED_CHARS])
    return next((codes_by_name[name] for name in names if name in codes_by_name), None)


def list_vendor_codes(vendor_id: str) -> tuple[str, ...]:
    """Every code in the vendor's list, in its order."""
    return tuple(_get_error_table(vendor_id).codes)


def match_text_slug(vendor_id: str, text: str) -> str | None:
    """The slug for a vendor's message that identifies the error whatever its code; None for most messages."""
    patterns = _get_error_table(vendor_id).text_patterns
    return next((slug for pattern, slug in patterns if pattern.search(text[:MAX_SEARCHED_CHARS])), None)


def code_for(vendor_id: str, slug: str) -> VendorCode:
    """The vendor's code for the error `slug`. Raises KeyError."""
    try:
        return _get_error_table(vendor_id).codes_by_slug[slug]
    except KeyError:
        raise KeyError(f"{ERRORS_FILE} [{vendor_id}.answers] {slug}") from None


@cache
def load_shapes() -> tuple[Shape, ...]:
    """The shape types in the order of their ids, 0 to 21."""
    return parse_shapes(load_toml(SHAPES_FILE))


def check_tables() -> None:
    """Read and validate both files now. Raises ValueError."""
    _load_error_tables()
    load_shapes()


def parse_error_tables(document: Document, slugs: frozenset[str]) -> dict[str, VendorErrorTable]:
    """The table of each vendor in a parsed document. slugs: those that have an explanation."""
    error_tables = {}
    for vendor_id, section in document.items():
        require({"codes", "answers"} <= set(section), f"{ERRORS_FILE} [{vendor_id}]", "needs codes and answers")
        codes = {code: _parse_code(vendor_id, code, row, slugs) for code, row in section["codes"].items()}
        text_patterns = []
        for number, row in enumerate(section.get("texts", ())):
            location = f"{ERRORS_FILE} [[{vendor_id}.texts]] number {number + 1}"
            require(set(row) == {"pattern", "slug"}, location, "needs pattern, slug and no more")
            require(row["slug"] in slugs, location, f"no explanation for slug {row['slug']!r}")
            text_patterns.append((re.compile(row["pattern"], re.IGNORECASE), row["slug"]))
        for slug, code in section["answers"].items():
            require(code in codes, f"{ERRORS_FILE} [{vendor_id}.answers] {slug}", f"{code!r} is not among the codes")
        codes_by_slug = {slug: codes[code] for slug, code in section["answers"].items()}
        cautious_last = sorted(codes.values(), key=lambda code: code.outcome == "unknown")
        codes_by_name = {code.constant or code.code: code for code in cautious_last}
        error_tables[vendor_id] = VendorErrorTable(codes, codes_by_name, tuple(text_patterns), codes_by_slug)
    return error_tables


def parse_shapes(document: Document) -> tuple[Shape, ...]:
    """The shapes of a parsed document. Raises ValueError unless ids count from 0 without a gap and keys are unique."""
    parsed: list[Shape] = []
    for number, row in enumerate(document["shapes"]):
        location = f"{SHAPES_FILE} [[shapes]] number {number + 1}"
        fields = {"id", "key", "part", "vendor_label"}
        require(set(row) - {"is_our_reading"} == fields, location, "needs id, key, part, vendor_label and no more")
        require(row["part"] in FACE_PARTS, location, f"part {row['part']!r} is not one of {FACE_PARTS}")
        require(row["id"] == number, location, f"id {row['id']!r} should be {number}")
        require(row["key"] not in {shape.key for shape in parsed}, location, f"key {row['key']!r} is there already")
        parsed.append(Shape(**row))
    return tuple(parsed)


def _parse_code(vendor_id: str, code: str, row: Any, slugs: frozenset[str]) -> VendorCode:
    location = f"{ERRORS_FILE} [{vendor_id}.codes] {code}"
    require(isinstance(row, Mapping), location, "is not a table")
    require(set(row) <= {"slug", "outcome", "http", "constant"}, location, f"unknown field in {sorted(row)}")
    require(row.get("slug") in slugs, location, f"no explanation for slug {row.get('slug')!r}")
    require(
        row.get("outcome") in BILLING_OUTCOMES,
        location,
        f"outcome {row.get('outcome')!r} is not one of {BILLING_OUTCOMES}",
    )
    http = row.get("http")
    require(isinstance(http, int) and 200 <= http <= 599, location, f"http {http!r} is not a status")
    return VendorCode(vendor_id, code, **row)


@cache
def _load_error_tables() -> Mapping[str, VendorErrorTable]:
    return parse_error_tables(load_toml(ERRORS_FILE), frozenset(get_texts(list_languages()[0])["errors"]))


def _get_error_table(vendor_id: str) -> VendorErrorTable:
    """The vendor's table; an empty one for an unknown vendor."""
    return _load_error_tables().get(vendor_id, VendorErrorTable({}, {}, (), {}))
