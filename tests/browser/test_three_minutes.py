"""The three-minute tour, in English and Chinese, wide and on a phone. Writes build/screenshots/tour-*.jpg."""

import pytest

from .tour import FOLDER, LOOK
from .walk import walk

pytestmark = pytest.mark.xdist_group("browser")


@pytest.mark.parametrize("device", ["wide", "phone"])
@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_it_goes_from_a_photo_to_the_stage(visit, demo, device, locale):
    """Photo, sheet, preview, result, what moved, sent on, recipe, history, inspector, live beside offline, stage: each
    comes about by what a person would do, and looks right.
    """
    page = visit(demo, device=device, locale=locale, reduced_motion="reduce")
    wrong = {}
    for number, name in enumerate(walk(page, demo), 1):
        file = FOLDER / f"tour-{device}-{locale[:2]}-{number:02}-{name}.jpg"
        page.screenshot(path=file, type="jpeg", quality=88)
        wrong[name] = page.evaluate(LOOK)
    assert not any(wrong.values()), wrong
    assert len(wrong) == 11
