"""The folded section of a panel: what the button does, or which setting is missing for it."""

import pytest

from meitu_demo.calls.targets import TargetResolver
from meitu_demo.settings import Settings
from meitu_demo.ui.panel.panel import render_compare_intro

KEYS = {"MEITU_API_KEY": "any key", "MEITU_API_SECRET": "any secret"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("environ", "named"),
    [({}, "MEITU_API_SECRET"), ({"MODE": "live"}, "MEITU_API_SECRET"), ({"MODE": "offline", **KEYS}, "MODE=offline")],
)
def test_compare_intro_names_the_missing_setting(environ: dict[str, str], named: str, language: str) -> None:
    """The missing setting is named next to what the button does for a visitor with keys."""
    html = render_compare_intro(TargetResolver(Settings.from_env(environ)), "meitu", language)
    missing = html.split('class="intro missing"')[1]
    assert named in missing
    assert 'class="intro ready"' in html


def test_compare_intro_with_keys_names_no_setting() -> None:
    """With keys in the settings nothing is said about settings."""
    html = render_compare_intro(TargetResolver(Settings.from_env(KEYS)), "meitu", "en")
    assert "missing" not in html
    assert "AILAB" not in html
