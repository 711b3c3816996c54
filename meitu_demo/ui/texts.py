"""Translated texts for Gradio's components: collected while the page is built, selected by the browser's language."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from ..domain.translations import list_languages, match_language, translate


class PageTranslations:
    """Collects the texts that are used while the page is built, and returns Gradio's table of them."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, str]] = {language: {} for language in list_languages()}

    def get_text(self, key: str, /, **params: object) -> I18nData:
        """The text at a dotted key of `locales/`, with `params` filled in."""
        name = key + "".join(f"-{value}" for value in params.values())
        return self.render(name, lambda language: translate(key, language, **params))

    def render(self, name: str, renderer: Callable[[str], str]) -> I18nData:
        """A text that `renderer` composes for each language (en, zh), under the unique `name`."""
        for language, entries in self._entries.items():
            entries[name] = str(renderer(language))
        return I18nData(name)

    def build_i18n(self) -> gr.I18n:
        """The table for Gradio, whose browser code falls back from zh-CN to English, not to zh."""
        entries: dict[str, Any] = {**self._entries, "zh-CN": self._entries["zh"]}
        return gr.I18n(**entries)


def detect_language(request: gr.Request | None) -> str:
    """The language (en, zh) that the request's Accept-Language asks for."""
    return match_language(request.headers.get("accept-language") if request else None)
