"""Translations: every text that a person reads, from ``locales/*.toml``.

There is one file per language, with the same keys and placeholders in each. Files are read and validated once; an
invalid text raises a ValueError that names file and key.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

LANGUAGES = ("en", "zh")
CHINESE_TAGS = ("zh", "cmn", "yue")  # RFC 5646 primary tags that a browser may send for Chinese
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(:MB)?\}")
EXPLANATION_FIELDS = ("title", "why", "fix")  # each may also have a `_facts` form, with placeholders
BYTES_PER_MB = 1_000_000

Document = Mapping[str, Any]


def list_languages() -> tuple[str, ...]:
    """The supported languages; the first is the fallback."""
    return LANGUAGES


def get_texts(language: str) -> Mapping[str, Any]:
    """All texts of a language, nested as in its file, read-only."""
    return _load_all_texts()[language]


def translate(key: str, language: str, /, **params: object) -> str:
    """The text at a dotted key, formatted. Raises KeyError for an unknown key or a missing parameter."""
    text: Any = get_texts(language)
    for part in key.split("."):
        text = text.get(part) if isinstance(text, Mapping) else None
    if not isinstance(text, str):
        raise KeyError(key)
    return format_text(text, params)


def describe_service(vendor_id: str, service: str, language: str) -> str:
    """Who answers a call, by the address that it goes to. service: `CallTarget.service`."""
    if service == "offline":
        return translate("result.made_offline", language)
    return service or translate(f"vendors.{vendor_id}.name", language)


def find_placeholders(text: str) -> frozenset[str]:
    """The names of the placeholders in `text`."""
    return frozenset(name for name, _ in PLACEHOLDER.findall(text))


def format_text(text: str, params: Mapping[str, object]) -> str:
    """`text` with its placeholders filled in one pass: braces within a value are left alone. Raises KeyError."""
    return PLACEHOLDER.sub(lambda match: _format_value(params[match[1]], megabytes=match[2] is not None), text)


def match_language(accept_language: str | None) -> str:
    """The supported language that an Accept-Language header prefers (RFC 9110, section 12.5.4); else English."""
    weights: dict[str, float] = {}  # in the order of the header, which decides between equal weights
    wildcard_quality = 0.0
    for item in (accept_language or "")[:1000].split(","):
        tag, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = re.fullmatch(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", parameters[0] if parameters else "q=1")
        primary = re.split("[-_]", tag)[0]
        if quality is None:
            continue
        if primary == "*":
            wildcard_quality = float(quality[1])
        elif primary == "en" or primary in CHINESE_TAGS:
            language = "zh" if primary in CHINESE_TAGS else "en"
            weights[language] = max(weights.get(language, 0.0), float(quality[1]))
    for language in LANGUAGES:
        weights.setdefault(language, wildcard_quality)
    best = max(weights, key=lambda language: weights[language])
    return best if weights[best] > 0 else LANGUAGES[0]


# Validation: pure functions of a parsed document, so that a test can pass a bad one.
def parse_texts(document: Document, file: str) -> dict[str, str]:
    """The texts by dotted key. Raises ValueError for stray braces and for unknown or missing fields of errors."""
    flat = dict(_flatten(document, "", file))
    for key, text in flat.items():
        location = f"{file} {key}"
        require(not set("{}") & set(PLACEHOLDER.sub("", text)), location, "a brace that is not a {gap}")
        if key.startswith("errors."):
            field = key.split(".")[-1]
            require(
                field.removesuffix("_facts") in EXPLANATION_FIELDS and bool(text.strip()),
                location,
                "not title, why or fix",
            )
            require(
                bool(find_placeholders(text)) == field.endswith("_facts"),
                location,
                "gaps belong into `_facts`, and only there",
            )
    for slug in document["errors"]:
        missing = [field for field in EXPLANATION_FIELDS if f"errors.{slug}.{field}" not in flat]
        require(not missing, f"{file} errors.{slug}", f"lacks {', '.join(missing)}")
    return flat


def check_same_keys(first: Mapping[str, str], second: Mapping[str, str], names: tuple[str, str]) -> None:
    """Raises ValueError unless both languages have the same keys, and each text the same placeholders."""
    for key in sorted(first.keys() | second.keys()):
        for texts, name in ((first, names[0]), (second, names[1])):
            require(key in texts, f"{name} {key}", "is missing here")
        require(
            find_placeholders(first[key]) == find_placeholders(second[key]),
            f"{names[1]} {key}",
            f"gaps differ from {names[0]}",
        )


def require(condition: bool, location: str, problem: str) -> None:
    """Raises ValueError with file and key unless `condition` is true."""
    if not condition:
        raise ValueError(f"{location}: {problem}")


def load_toml(name: str) -> dict[str, Any]:
    """The parsed document of a TOML file that ships with the package."""
    return tomllib.loads((files("meitu_demo") / name).read_text("utf-8"))


def load_json(name: str) -> Any:
    """The value of a JSON file that ships with the package."""
    return json.loads((files("meitu_demo") / name).read_text("utf-8"))


def _flatten(document: Document, prefix: str, file: str) -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    for name, value in document.items():
        if isinstance(value, Mapping):
            texts += _flatten(value, f"{prefix}{name}.", file)
        else:
            require(isinstance(value, str), f"{file} {prefix}{name}", "is not a text")
            texts.append((prefix + name, value))
    return texts


def _format_value(value: object, *, megabytes: bool) -> str:
    if megabytes and isinstance(value, int | float):
        return f"{value / BYTES_PER_MB:.1f}".removesuffix(".0") + " MB"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 10 else f"{value:.2g}"
    return str(value)


def _freeze(document: Document) -> Mapping[str, Any]:
    return MappingProxyType({k: _freeze(v) if isinstance(v, Mapping) else v for k, v in document.items()})


@cache
def _load_all_texts() -> Mapping[str, Mapping[str, Any]]:
    names = {language: f"locales/{language}.toml" for language in LANGUAGES}
    documents = {language: load_toml(name) for language, name in names.items()}
    flat = {language: parse_texts(documents[language], name) for language, name in names.items()}
    for other in LANGUAGES[1:]:
        check_same_keys(flat[LANGUAGES[0]], flat[other], (names[LANGUAGES[0]], names[other]))
    return {language: _freeze(document) for language, document in documents.items()}
