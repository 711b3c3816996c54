"""What was done to a photo before it was sent, in one line of words."""

from collections.abc import Iterable

from ...domain.model import PhotoChange
from ...domain.translations import translate


def translate_changes(changes: Iterable[PhotoChange], language: str) -> list[str]:
    """One text for each change."""
    return [translate(f"changes.{change.slug}", language, **change.facts) for change in changes]


def describe_changes(changes: Iterable[PhotoChange], language: str) -> str:
    """All of them in one line, or the words for "nothing"."""
    texts = translate_changes(changes, language)
    return translate("changes.between", language).join(texts) or translate("changes.none", language)
