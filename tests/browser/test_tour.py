"""The whole page, on a wide screen and on a phone, in English and Chinese, light and dark: nothing outside the window,
nothing clipped, nothing hard to read, nothing untranslated, no other host, no error. Pictures of what is amiss, and
with --whole of everything, are left in build/screenshots.
"""

import pytest

from browser.page_actions import Panel
from meitu_demo.domain.translations import translate

from .tour import FOLDER, live_tour, tour

pytestmark = pytest.mark.xdist_group("tour")


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_page_looks_right_in_every_state(visit, demo, locale, request):
    """Each panel's empty state, check, sheets, refusals and result look right and pass axe-core."""
    page = visit(demo, device="phone", locale=locale, reduced_motion="reduce")
    look_at(page, tour, locale, request)
    assert page.title() == translate("page.name", locale[:2])


def test_page_with_keys_looks_right(visit, live_demo, request):
    """So do the question of consent and a run without it; --whole looks in both languages."""
    for locale in ("en-US", "zh-CN")[: 2 if request.config.getoption("--whole") else 1]:
        look_at(visit(live_demo, device="phone", locale=locale, reduced_motion="reduce"), live_tour, locale, request)


def look_at(page, states, locale, request):
    """Walk through `states` of the page; fails with what is wrong, by state."""
    whole, wrong = request.config.getoption("--whole"), {}
    for stop in states(page, locale[:2], whole=whole):
        if stop.wrong or whole:
            page.screenshot(path=FOLDER / f"{stop.name}.jpg", type="jpeg", quality=88, full_page=True)
        if stop.wrong:
            wrong[stop.name] = stop.wrong
    assert not wrong, "\n".join(f"{name}: {', '.join(what)}" for name, what in wrong.items())


def test_page_is_chinese_for_taiwan(visit, demo):
    """A page in zh-TW is Chinese as well, from the first word to an explanation."""
    page = visit(demo, locale="zh-TW")
    assert translate("panels.face_fuse.run", "zh") == Panel(page, "face-fuse").run_button.inner_text().strip()
    panel = Panel(page, "anime-avatar").run()
    panel.clear()
    said = panel.run().stage.inner_text()
    assert translate("errors.photo_missing.title", "zh") in said
