"""The page's language, and translated texts for Gradio's components, collected while the page is built."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.i18n import I18nData
from starlette.requests import Request

from ..domain.translations import list_languages, match_language, translate

LANGUAGE_TAGS = {"en": "en", "zh": "zh-CN"}  # of the `lang` attribute, and of Gradio's own texts


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
        entries: dict[str, Any] = {LANGUAGE_TAGS[language]: texts for language, texts in self._entries.items()}
        return gr.I18n(**entries)


def detect_language(request: gr.Request | Request | None) -> str:
    """The language (en, zh) of the query parameter `lang`, else the one that Accept-Language asks for.

    Gradio's page sends its own query with each event, so the events of a page are answered in its language.
    """
    if request is None:
        return match_language(None)
    chosen = request.query_params.get("lang")
    return chosen if chosen in LANGUAGE_TAGS else match_language(request.headers.get("accept-language"))
