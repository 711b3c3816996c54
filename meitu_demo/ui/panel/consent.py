"""The question before a photo leaves the machine: a box to tick by the button, never ticked by us.

It is to be seen where a vendor's calls are live for this tab; assets/css/panel.css knows that from the badges. The
answer is checked where calls begin (`Context.start`), not here: a page's box stops no program.
"""

import gradio as gr

from ...settings import Settings
from ...spec import Endpoint
from ...words import translate
from ..events import PRIVATE
from ..texts import Texts


def build(endpoint: Endpoint, settings: Settings, texts: Texts) -> gr.Checkbox:
    """The box, in plain words: whose photo, which vendor, how long it is kept there."""
    provider = endpoint.provider
    recipient = settings.recipient(provider)

    def label(language: str) -> str:
        return translate("consent.label", language, recipient=recipient)

    def info(language: str) -> str:
        return translate("consent.info", language, keeps=translate(f"providers.{provider}.keeps", language))

    return gr.Checkbox(
        False, label=texts.render(f"consent-{provider}", label), info=texts.render(f"consent-info-{provider}", info),
        elem_id=f"{endpoint.slug}-consent", elem_classes=["consent", f"consent-{provider}"],
    )  # fmt: skip


def ask_anew(slug: str, photo: gr.Image, box: gr.Checkbox) -> None:
    """Consent is for one photo: another one, perhaps of another person, takes the tick away."""
    script = f"(photo, ticked) => window.samePhoto('{slug}', photo) && ticked"  # one photo may change more than once
    photo.change(None, [photo, box], box, js=script, **PRIVATE)
