"""A visitor's own keys: typed into password fields, kept in this server's memory for the tab, never sent back.

They live in a gr.State, which is the server's side of one Gradio session: a reload or a closed tab forgets them.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr
from pydantic import SecretStr

from ...domain.errors import DemoError
from ...domain.explanations import explain
from ...domain.model import Credentials
from ...domain.translations import translate
from ...settings import is_url_safe
from ..context import Context
from ..events import PRIVATE_EVENT
from ..header import render_header
from ..texts import PageTranslations, detect_language

MIN_KEY_CHARS, MAX_KEY_CHARS = 16, 256  # characters of a key; what is held is hidden everywhere, and a word must not be
VisitorKeys = Mapping[str, Credentials]


def build(context: Context, texts: PageTranslations, visitor_keys: gr.State, masthead: gr.HTML) -> None:
    """A folded section with the fields; sets `own`, and the badges in `masthead`."""
    with gr.Accordion(texts.get_text("keys.title"), open=False, elem_id="own-keys"):
        intro = texts.render("keys-intro", lambda language: _render_status(translate("keys.intro", language)))
        gr.HTML(intro, elem_classes="bare", apply_default_css=False)
        with gr.Row():
            fields = [_build_key_field(texts, name) for name in ("meitu_key", "meitu_secret", "ailab_key")]
        with gr.Row(elem_classes="after"):
            use_button = gr.Button(texts.get_text("keys.use"), elem_id="own-keys-use")
            forget_button = gr.Button(texts.get_text("keys.forget"), elem_id="own-keys-forget")
        message_html = gr.HTML(elem_id="own-keys-told", elem_classes="bare", apply_default_css=False)

    async def use_keys(request: gr.Request, *typed: Any) -> tuple[Any, ...]:
        language = detect_language(request)
        try:
            parsed_keys = parse_keys(*(str(text or "").strip() for text in typed))
            await context.ledger.get_recorder()  # from here on calls can cost money
        except InvalidKeys as trouble:
            return gr.skip(), gr.skip(), *[gr.skip()] * 3, _render_status(translate(f"keys.{trouble}", language))
        except DemoError as error:
            explained = explain(error, language)
            return (
                gr.skip(),
                gr.skip(),
                *[gr.skip()] * 3,
                _render_status(f"{explained.title} {explained.why} {explained.fix}"),
            )
        header_html = render_header(context.targets.with_visitor_keys(parsed_keys), language)
        return parsed_keys, header_html, "", "", "", _render_status(translate("keys.used", language))

    def forget_keys(request: gr.Request) -> tuple[Any, ...]:
        language = detect_language(request)
        return (
            None,
            render_header(context.targets, language),
            "",
            "",
            "",
            _render_status(translate("keys.forgotten", language)),
        )

    outputs = [visitor_keys, masthead, *fields, message_html]
    use_button.click(use_keys, fields, outputs, **PRIVATE_EVENT)
    forget_button.click(forget_keys, None, outputs, **PRIVATE_EVENT)


class InvalidKeys(Exception):
    """What was typed cannot be used; its text is a word of `locales` below `keys`."""


def parse_keys(meitu_key: str, meitu_secret: str, ailab_key: str) -> VisitorKeys:
    """Credentials by provider from what was typed. Raises KeyTrouble: none, pair or odd."""
    typed = [text for text in (meitu_key, meitu_secret, ailab_key) if text]
    if not typed:
        raise InvalidKeys("none")
    if not all(is_url_safe(text) and MIN_KEY_CHARS <= len(text) <= MAX_KEY_CHARS for text in typed):
        raise InvalidKeys("odd")
    if bool(meitu_key) != bool(meitu_secret):
        raise InvalidKeys("pair")
    keys = {}
    if meitu_key:
        keys["meitu"] = Credentials(SecretStr(meitu_key), SecretStr(meitu_secret))
    if ailab_key:
        keys["ailab"] = Credentials(SecretStr(ailab_key))
    return keys


def _build_key_field(texts: PageTranslations, name: str) -> gr.Textbox:
    return gr.Textbox(
        label=texts.get_text(f"keys.{name}"), type="password", max_lines=1, elem_id=f"own-{name.replace('_', '-')}",
        html_attributes=gr.InputHTMLAttributes(autocomplete="new-password", spellcheck=False),
    )  # fmt: skip


def _render_status(text: str) -> str:
    return f'<p class="intro" role="status">{escape(text)}</p>'
