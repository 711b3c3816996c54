"""The boxes for consent: one for each recipient of the photo."""

import pytest

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.settings import Settings
from meitu_demo.ui.panel.consent import build_consent_boxes
from meitu_demo.ui.texts import PageTranslations
from meitu_demo.vendors import VENDORS

KEYS = {"MEITU_API_KEY": "any", "MEITU_API_SECRET": "any", "AILAB_API_KEY": "any"}
ONE_HOST = {"MEITU_BASE_URL": "http://127.0.0.1:8700", "AILAB_BASE_URL": "http://127.0.0.1:8700"}


@pytest.mark.parametrize(("environ", "count"), [({}, len(VENDORS)), (KEYS, len(VENDORS)), ({**KEYS, **ONE_HOST}, 1)])
def test_consent_is_asked_once_for_each_recipient(environ: dict[str, str], count: int) -> None:
    """Each vendor has a box that is its style rule's; vendors whose calls go to one host share one."""
    boxes = build_consent_boxes("recipe", TargetResolver(Settings.from_env(environ)), PageTranslations())
    assert len(set(boxes.values())) == count
    assert list(boxes) == list(VENDORS)
    assert all(f"consent-{vendor_id}" in box.elem_classes for vendor_id, box in boxes.items())
