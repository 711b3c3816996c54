"""A visitor's own keys: typed into password fields, kept in this server's memory for the tab, never sent back.

They live in a gr.State, which is the server's side of one Gradio session: a reload or a closed tab forgets them.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr
from pydantic import SecretStr

from ...errors import DemoError
from ...explain import explain
from ...settings import is_url_safe
from ...spec import Credentials
from ...words import translate
from ..context import Context
from ..events import PRIVATE
from ..header import header
from ..texts import Texts, language_of

SHORTEST, LONGEST = 16, 256  # characters of a key; what is held is hidden everywhere, and a word must not be
Own = Mapping[str, Credentials]


def build(context: Context, texts: Texts, own: gr.State, masthead: gr.HTML) -> None:
    """A folded section with the fields; sets `own`, and the badges in `masthead`."""
    with gr.Accordion(texts.word("keys.title"), open=False, elem_id="own-keys"):
        intro = texts.render("keys-intro", lambda language: _line(translate("keys.intro", language)))
        gr.HTML(intro, elem_classes="bare", apply_default_css=False)
        with gr.Row():
            fields = [_field(texts, name) for name in ("meitu_key", "meitu_secret", "ailab_key")]
        with gr.Row(elem_classes="after"):
            use = gr.Button(texts.word("keys.use"), elem_id="own-keys-use")
            forget = gr.Button(texts.word("keys.forget"), elem_id="own-keys-forget")
        told = gr.HTML(elem_id="own-keys-told", elem_classes="bare", apply_default_css=False)

    async def take(request: gr.Request, *typed: Any) -> tuple[Any, ...]:
        language = language_of(request)
        try:
            found = read(*(str(text or "").strip() for text in typed))
            await context.till.get_recorder()  # from here on calls can cost money
        except KeyTrouble as trouble:
            return gr.skip(), gr.skip(), *[gr.skip()] * 3, _line(translate(f"keys.{trouble}", language))
        except DemoError as error:
            explained = explain(error, language)
            return gr.skip(), gr.skip(), *[gr.skip()] * 3, _line(f"{explained.title} {explained.why} {explained.fix}")
        shown = header(context.routes.with_visitor_keys(found), language)
        return found, shown, "", "", "", _line(translate("keys.used", language))

    def drop(request: gr.Request) -> tuple[Any, ...]:
        language = language_of(request)
        return None, header(context.routes, language), "", "", "", _line(translate("keys.forgotten", language))

    outputs = [own, masthead, *fields, told]
    use.click(take, fields, outputs, **PRIVATE)
    forget.click(drop, None, outputs, **PRIVATE)


class KeyTrouble(Exception):
    """What was typed cannot be used; its text is a word of `locales` below `keys`."""


def read(meitu_key: str, meitu_secret: str, ailab_key: str) -> Own:
    """Credentials by provider from what was typed. Raises KeyTrouble: none, pair or odd."""
    typed = [text for text in (meitu_key, meitu_secret, ailab_key) if text]
    if not typed:
        raise KeyTrouble("none")
    if not all(is_url_safe(text) and SHORTEST <= len(text) <= LONGEST for text in typed):
        raise KeyTrouble("odd")
    if bool(meitu_key) != bool(meitu_secret):
        raise KeyTrouble("pair")
    own = {}
    if meitu_key:
        own["meitu"] = Credentials(SecretStr(meitu_key), SecretStr(meitu_secret))
    if ailab_key:
        own["ailab"] = Credentials(SecretStr(ailab_key))
    return own


def _field(texts: Texts, name: str) -> gr.Textbox:
    return gr.Textbox(
        label=texts.word(f"keys.{name}"), type="password", max_lines=1, elem_id=f"own-{name.replace('_', '-')}",
        html_attributes=gr.InputHTMLAttributes(autocomplete="new-password", spellcheck=False),
    )  # fmt: skip


def _line(text: str) -> str:
    return f'<p class="intro" role="status">{escape(text)}</p>'
