"""Words for Gradio: what stands on the page from the start is translated by the browser, from entries gathered here."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from ..domain.translations import list_languages, match_language, translate


class PageTranslations:
    """Hands out translatable texts while the page is built, and the table of them afterwards."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, str]] = {language: {} for language in list_languages()}

    def get_text(self, key: str, /, **params: object) -> I18nData:
        """The words at a dotted key of ``locales/``."""
        name = key + "".join(f"-{value}" for value in params.values())
        return self.render(name, lambda language: translate(key, language, **params))

    def render(self, name: str, renderer: Callable[[str], str]) -> I18nData:
        """A text that `make` composes for each language, under a name of its own."""
        for language, entries in self._entries.items():
            entries[name] = str(renderer(language))
        return I18nData(name)

    def build_i18n(self) -> gr.I18n:
        """For the app. zh-CN falls back to English and not to zh, so it is named as well."""
        entries: dict[str, Any] = {**self._entries, "zh-CN": self._entries["zh"]}
        return gr.I18n(**entries)


def detect_language(request: gr.Request | None) -> str:
    """The language of whoever sent `request`."""
    return match_language(request.headers.get("accept-language") if request else None)
