"""A visitor's keys: which texts can be keys."""

import pytest

from meitu_demo.ui.screens.keys import MAX_KEY_CHARS, MIN_KEY_CHARS, InvalidKeys, parse_keys

FITTING = "k" * MIN_KEY_CHARS


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ({"ailab_key": ""}, "none"),
        ({"meitu_key": FITTING}, "pair"),
        *(({"ailab_key": text}, "odd") for text in (FITTING[1:], "k" * (MAX_KEY_CHARS + 1), "k y" * 9, "ü" * 20)),
        ({"ailab_key": "AILabAPI-API-Key"}, "odd"),  # by this name the inspector finds other people's keys
    ],
)
def test_parse_keys_refuses_what_cannot_be_a_key(typed: dict[str, str], problem: str) -> None:
    """Nothing typed, half a pair, a text that no key looks like, and a word that stands in every request."""
    with pytest.raises(InvalidKeys, match=problem):
        parse_keys(typed)
