"""A visitor's API keys: typed into password fields, stored in the server's memory for the tab, never sent back.

They are in a gr.State, the server side of a Gradio session, which a reload leaves behind. `KEEP_MINUTES` later they are
deleted. A run whose page still shows them is then refused (`CallService.choose_target`).
"""

from collections.abc import Mapping
from typing import Any

import gradio as gr
from pydantic import SecretStr

from ...domain.errors import DemoError
from ...domain.explanations import explain
from ...domain.model import Credentials
from ...domain.translations import translate
from ...settings import is_key_field_name, is_url_safe
from ...vendors import VENDORS
from ..context import Context
from ..events import PRIVATE_EVENT
from ..header import render_header
from ..html import UNSTYLED, render
from ..texts import PageTranslations, detect_language

MIN_KEY_CHARS, MAX_KEY_CHARS = 16, 256  # keys are redacted everywhere, so a common word must not be accepted


def build(context: Context, texts: PageTranslations, visitor_keys: gr.State, masthead: gr.HTML) -> None:
    """A folded section with the fields, which sets `visitor_keys` and updates the badges in `masthead`."""
    with gr.Accordion(texts.get_text("keys.title"), open=False, elem_id="own-keys"):
        minutes = context.settings.keep_minutes
        intro = texts.render(
            "keys-intro", lambda language: _render_status(translate("keys.intro", language, minutes=minutes))
        )
        gr.HTML(intro, **UNSTYLED)
        with gr.Row():
            names = [name for vendor in VENDORS.values() for name in vendor.visitor_fields]
            fields = [_build_key_field(texts, name) for name in names]
        with gr.Row(elem_classes="result-actions"):
            use_button = gr.Button(texts.get_text("keys.use"), elem_id="own-keys-use")
            forget_button = gr.Button(texts.get_text("keys.forget"), elem_id="own-keys-forget")
        message_html = gr.HTML(elem_id="own-keys-told", **UNSTYLED)

    def show_message(text: str) -> tuple[Any, ...]:
        return (*[gr.skip()] * (2 + len(fields)), _render_status(text))

    def set_keys(keys: Mapping[str, Credentials] | None, text_key: str, language: str) -> tuple[Any, ...]:
        targets = context.service.targets.with_visitor_keys(keys)
        header_html = render_header(targets, language, has_login=bool(context.settings.login))
        return keys, header_html, *[""] * len(fields), _render_status(translate(text_key, language))

    async def use_keys(request: gr.Request, *typed: Any) -> tuple[Any, ...]:
        language = detect_language(request)
        try:
            typed_texts = (str(text or "").strip() for text in typed)
            parsed_keys = parse_keys(dict(zip(names, typed_texts, strict=True)))
            await context.service.ledger.get_recorder()  # from now on calls can cost money, so the ledger has to work
        except InvalidKeys as error:
            return show_message(translate(f"keys.{error}", language))
        except DemoError as error:
            explained = explain(error, language)
            return show_message(f"{explained.title} {explained.why} {explained.fix}")
        return set_keys(parsed_keys, "keys.used", language)

    def forget_keys(request: gr.Request) -> tuple[Any, ...]:
        return set_keys(None, "keys.forgotten", detect_language(request))

    outputs = [visitor_keys, masthead, *fields, message_html]
    use_button.click(use_keys, fields, outputs, **PRIVATE_EVENT)
    forget_button.click(forget_keys, None, outputs, **PRIVATE_EVENT)


class InvalidKeys(Exception):
    """The typed keys cannot be used; the text is a key of `locales` below `keys`."""


def parse_keys(typed: Mapping[str, str]) -> dict[str, Credentials]:
    """Credentials by vendor, from the text of each field.

    Raises InvalidKeys: none (all empty), odd (not a possible key) or pair (one of two keys is missing).
    """
    filled = {name: text for name, text in typed.items() if text}
    if not filled:
        raise InvalidKeys("none")
    if not all(map(_is_possible_key, filled.values())):
        raise InvalidKeys("odd")
    keys = {}
    for vendor in VENDORS.values():
        texts = [filled[name] for name in vendor.visitor_fields if name in filled]
        if texts and len(texts) < len(vendor.visitor_fields):
            raise InvalidKeys("pair")
        if texts:
            key, *secrets = map(SecretStr, texts)
            keys[vendor.id] = Credentials(key, secrets[0] if secrets else None)
    return keys


def _is_possible_key(text: str) -> bool:
    return is_url_safe(text) and MIN_KEY_CHARS <= len(text) <= MAX_KEY_CHARS and not is_key_field_name(text)


def _build_key_field(texts: PageTranslations, name: str) -> gr.Textbox:
    return gr.Textbox(
        label=texts.get_text(f"keys.{name}"), type="password", max_lines=1, elem_id=f"own-{name.replace('_', '-')}",
        html_attributes=gr.InputHTMLAttributes(autocomplete="new-password", spellcheck=False),
    )  # fmt: skip


def _render_status(text: str) -> str:
    return render("screens.status", text=text)
