"""Kiosk mode's HTML agrees with its script."""

import re
from pathlib import Path

import pytest

from meitu_demo.ui.page import ASSETS_DIR
from meitu_demo.ui.screens.kiosk_mode import COUNTDOWN_S, render_countdown_bar


@pytest.mark.parametrize("language", ["en", "zh"])
def test_kiosk_html_has_the_parts_that_the_script_uses(language: str) -> None:
    """Each part that the script names exists, and the countdown begins with the same number in both."""
    script = Path(ASSETS_DIR, "js", "kiosk_mode.js").read_text("utf-8")
    html = render_countdown_bar(language)
    parts = set(re.findall(r"findPart\('([\w-]+)'\)", script)) | {"leave", "gone", "cover"}
    assert {"live-region", "going"} <= parts
    assert all(re.search(rf'class="[\w -]*\b{part}\b', html) for part in parts)
    assert {f'data-{name}="' for name in ("soon", "gone")} <= set(re.findall(r'data-\w+="', html))
    assert f"COUNTDOWN_S = {COUNTDOWN_S}" in script
    assert f"<b>{COUNTDOWN_S}</b>" in html
