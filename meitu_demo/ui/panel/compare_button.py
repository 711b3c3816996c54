"""Folded away below a panel's button: both runs at once, or in words what is missing for that.

Which of the two is to be seen assets/css/beside.css knows from the badges, as it does for the box of consent: a visitor
may bring keys at any time.
"""

from html import escape

import gradio as gr

from ...calls.targets import TargetResolver
from ...domain.model import Endpoint
from ...domain.translations import translate
from ..texts import PageTranslations


def build_compare_button(endpoint: Endpoint, resolver: TargetResolver, texts: PageTranslations) -> gr.Button:
    """The folded section; returns its button, which costs a call."""
    slug, provider = endpoint.slug, endpoint.provider
    with gr.Accordion(texts.get_text("beside.title"), open=False, elem_id=f"{slug}-beside", elem_classes="fold"):
        gr.HTML(
            texts.render(f"beside-intro-{provider}", lambda language: render_compare_intro(resolver, provider,
            language)),
            elem_classes=["bare", f"beside-{provider}"], apply_default_css=False,
        )  # fmt: skip
        return gr.Button(
            texts.get_text("beside.run"), elem_id=f"{slug}-both", elem_classes=["both", f"both-{provider}"]
        )


def render_compare_intro(resolver: TargetResolver, provider: str, language: str) -> str:
    """What the button does; and what a visitor without keys is told instead, where the settings give reason to."""
    name = translate(f"providers.{provider}.name", language)
    ready_text = translate("beside.intro", language, provider=name)
    status = resolver.get_status(provider)
    lines = [f'<p class="intro ready">{escape(ready_text)}</p>']
    if not resolver.is_live(provider):
        reason = "mode_offline" if status.reason == "mode_offline" else "key_missing"
        keys = translate(f"providers.{provider}.keys", language)
        missing_keys_text = translate(f"beside.{reason}", language, provider=name, keys=keys)
        lines.append(f'<p class="intro missing">{escape(missing_keys_text)}</p>')
    return "".join(lines)
