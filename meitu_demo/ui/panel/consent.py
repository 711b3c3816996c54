"""The checkbox for consent to send the photo to a vendor. It is never ticked in advance.

`ui.header.render_vendor_css` shows it if the vendor is live for this tab, by the badges. Consent is enforced by
`CallService.start`, because a checkbox on the page does not stop a program. Consent is for one photo: another one,
perhaps of another person, clears the tick (assets/js/shared_photo.js).
"""

from collections.abc import Sequence

import gradio as gr

from ...calls.targets import TargetResolver
from ...domain.translations import translate
from ...vendors import VENDORS
from ..texts import PageTranslations


def build_consent_boxes(
    screen: str, resolver: TargetResolver, texts: PageTranslations, key: str = "consent"
) -> dict[str, gr.Checkbox]:
    """The boxes of a screen whose calls go to several vendors, by vendor. Those with one recipient share a box.

    screen: prefix of the elements' ids. key: as in `build_consent_box`.
    """
    vendors_by_recipient: dict[tuple[str, str], list[str]] = {}
    for vendor_id in VENDORS:
        vendors_by_recipient.setdefault(_describe_recipient(vendor_id, resolver), []).append(vendor_id)
    return {
        vendor_id: box
        for vendor_ids in vendors_by_recipient.values()
        for box in [build_consent_box(f"{screen}-{vendor_ids[0]}", vendor_ids, resolver, texts, key)]
        for vendor_id in vendor_ids
    }


def build_consent_box(
    slug: str, vendor_ids: Sequence[str], resolver: TargetResolver, texts: PageTranslations, key: str = "consent"
) -> gr.Checkbox:
    """The box. Its text names the recipient, how long the photo is stored there, and whether a call is recorded.

    slug: prefix of the element's id. vendor_ids: of one recipient. key: of its label and its information in `locales`.
    """
    recipient, keeps_key = _describe_recipient(vendor_ids[0], resolver)

    def render_label(language: str) -> str:
        return translate(f"{key}.label", language, recipient=recipient)

    def render_info(language: str) -> str:
        sentences = [translate(f"{key}.info", language, keeps=translate(keeps_key, language))]
        if resolver.records_calls:
            sentences.append(translate("consent.recorded", language))
        return translate("explanation.between", language).join(sentences)

    return gr.Checkbox(
        False, label=texts.render(f"{key}-{vendor_ids[0]}", render_label),
        info=texts.render(f"{key}-info-{vendor_ids[0]}", render_info),
        elem_id=f"{slug}-consent", elem_classes=["consent", *(f"consent-{vendor_id}" for vendor_id in vendor_ids)],
    )  # fmt: skip


def _describe_recipient(vendor_id: str, resolver: TargetResolver) -> tuple[str, str]:
    """Who gets the photo, and the key in `locales` of how long it is stored there."""
    is_own_server = resolver.get_live_service(vendor_id)
    return (
        resolver.describe_recipient(vendor_id),
        "consent.keeps_unknown" if is_own_server else f"vendors.{vendor_id}.keeps",
    )
