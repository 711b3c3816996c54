"""The folded "live versus offline" section below a panel's button: runs both, or says what is missing for that.

assets/css/beside.css shows one of the two by the header's badges, as for the consent box: a visitor may enter keys at
any time.
"""

import gradio as gr
from markupsafe import Markup

from ...calls.targets import TargetResolver
from ...domain.model import Endpoint
from ...domain.translations import translate
from ..html import render
from ..texts import PageTranslations


def build_compare_button(endpoint: Endpoint, resolver: TargetResolver, texts: PageTranslations) -> gr.Button:
    """The folded section; returns its button. A click is a paid call."""
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


def render_compare_intro(resolver: TargetResolver, provider: str, language: str) -> Markup:
    """What the button does; and what is missing for it, where the settings have no keys."""
    name = translate(f"providers.{provider}.name", language)
    missing_text = ""
    if not resolver.is_live(provider):
        reason = "mode_offline" if resolver.get_status(provider).reason == "mode_offline" else "key_missing"
        keys = translate(f"providers.{provider}.keys", language)
        missing_text = translate(f"beside.{reason}", language, provider=name, keys=keys)
    ready_text = translate("beside.intro", language, provider=name)
    return render("screens.compare_intro", ready_text=ready_text, missing_text=missing_text)
