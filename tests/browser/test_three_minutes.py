"""The three-minute tour, in English and Chinese, wide and on a phone. Writes build/screenshots/tour-*.jpg."""

import pytest

from browser.three_minute_tour import bring, walk

from .chromium import DEVICES
from .tour import FOLDER, WRONG

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize(("locale", "device"), [("en-US", "wide"), ("zh-CN", "phone")])
def test_three_minute_tour_goes_from_a_photo_to_kiosk_mode(visit, demo, locale, device):
    """Photo, sheet, preview, result, what moved, sent on, recipe, history, inspector, stage: each
    comes about by what a person would do on the one device, and looks right on both.
    """
    page = visit(demo, device=device, locale=locale, reduced_motion="reduce")
    wrong = {}
    for number, (name, part) in enumerate(walk(page, demo), 1):
        for looked_at in (*(DEVICES.keys() - {device}), device):  # the walk goes on as it came
            page.set_viewport_size(DEVICES[looked_at]["viewport"])
            bring(page, part)
            shot = f"tour-{looked_at}-{locale[:2]}-{number:02}-{name}"
            page.screenshot(path=FOLDER / f"{shot}.jpg", type="jpeg", quality=88)
            wrong[shot] = page.evaluate(WRONG)
    assert not any(wrong.values()), {shot: what for shot, what in wrong.items() if what}
    assert len(wrong) == 2 * 10
