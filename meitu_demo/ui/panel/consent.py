"""The question before a photo leaves the machine: a box to tick by the button, never ticked by us.

It is to be seen where a vendor's calls are live for this tab; assets/css/panel.css knows that from the badges. The
answer is checked where calls begin (`Context.start_call`), not here: a page's box stops no program.
"""

import gradio as gr

from ...domain.model import Endpoint
from ...domain.translations import translate
from ...settings import Settings
from ...vendors import VENDORS
from ..events import PRIVATE_EVENT
from ..texts import PageTranslations


def build_consent_box(endpoint: Endpoint, settings: Settings, texts: PageTranslations) -> gr.Checkbox:
    """The box, in plain words: whose photo, which vendor, how long it is kept there."""
    provider = endpoint.provider
    recipient = VENDORS[provider].get_recipient(settings)

    def render_label(language: str) -> str:
        return translate("consent.label", language, recipient=recipient)

    def render_info(language: str) -> str:
        return translate("consent.info", language, keeps=translate(f"providers.{provider}.keeps", language))

    return gr.Checkbox(
        False, label=texts.render(f"consent-{provider}", render_label), info=texts.render(f"consent-info-{provider}",
        render_info),
        elem_id=f"{endpoint.slug}-consent", elem_classes=["consent", f"consent-{provider}"],
    )  # fmt: skip


def reset_consent_on_new_photo(slug: str, photo: gr.Image, consent_box: gr.Checkbox) -> None:
    """Consent is for one photo: another one, perhaps of another person, takes the tick away."""
    script = f"(photo, ticked) => window.samePhoto('{slug}', photo) && ticked"  # one photo may change more than once
    photo.change(None, [photo, consent_box], consent_box, js=script, **PRIVATE_EVENT)
