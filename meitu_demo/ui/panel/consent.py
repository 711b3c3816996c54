"""The checkbox for consent to send the photo to a vendor. It is never ticked in advance.

`ui.header.render_vendor_css` shows it if the vendor is live for this tab, by the badges. Consent is enforced by
`CallService.start`, because a checkbox on the page does not stop a program. Consent is for one photo: another one,
perhaps of another person, clears the tick (assets/js/shared_photo.js).
"""

import gradio as gr

from ...calls.targets import TargetResolver
from ...domain.model import Endpoint
from ...domain.translations import translate
from ...settings import Price
from ..texts import PageTranslations


def build_consent_box(
    endpoint: Endpoint,
    resolver: TargetResolver,
    texts: PageTranslations,
    price: Price | None = None,
    key: str = "consent",
) -> gr.Checkbox:
    """The box. Its text names the recipient, how long the vendor stores the photo, what one call costs, and whether it
    is recorded.

    key: of its label and its information in `locales`.
    """
    vendor_id = endpoint.vendor_id
    recipient = resolver.describe_recipient(vendor_id)
    keeps_key = "consent.keeps_unknown" if resolver.get_live_service(vendor_id) else f"vendors.{vendor_id}.keeps"

    def render_label(language: str) -> str:
        return translate(f"{key}.label", language, recipient=recipient)

    def render_info(language: str) -> str:
        sentences = [translate(f"{key}.info", language, keeps=translate(keeps_key, language))]
        if price:
            sentences.append(translate("consent.price", language, price=price.format_total()))
        if resolver.records_calls:
            sentences.append(translate("consent.recorded", language))
        return translate("explanation.between", language).join(sentences)

    return gr.Checkbox(
        False, label=texts.render(f"{key}-{vendor_id}", render_label),
        info=texts.render(f"consent-info-{endpoint.id}", render_info),
        elem_id=f"{endpoint.slug}-consent", elem_classes=["consent", f"consent-{vendor_id}"],
    )  # fmt: skip
