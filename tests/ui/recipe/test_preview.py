"""The recipe's preview through the running app."""

import html
import json
import re
import secrets
from typing import Any

import pytest
from ui.conftest import Page

from meitu_demo.domain.translations import translate

EYES = {"endpoint": "facial_aesthetics", "values": {"shape_type": "8", "strength": 0.4}}
JAW = {"endpoint": "facial_aesthetics", "values": {"shape_type": "7", "strength": 0.3}}
AVATAR = {"endpoint": "anime_avatar"}


def draw(page: Page, photo: Any, recipe: str) -> str:
    """What stands in the result's place."""
    return html.unescape(page.press("recipe-preview", [photo, recipe, secrets.token_hex(16)], "input"))


def list_steps(*steps: Any) -> str:
    return json.dumps({"recipe": 1, "steps": steps})


def test_recipe_preview_shows_the_photo_with_the_steps_that_are_on(page: Page, portrait: bytes) -> None:
    """Its text names them in order; no call is made."""
    photo = page.upload(portrait)
    before = len(page.offline.calls)
    shown = draw(page, photo, list_steps(JAW, {**AVATAR, "on": False}, EYES))
    assert "Slim jaw 0.3 · Bigger eyes 0.4<" in shown
    pictures = re.findall(r"data:image/jpeg;base64,[\w/+=]+", shown + draw(page, photo, list_steps(JAW)))
    assert (len(pictures), len(set(pictures))) == (4, 3)  # the same photo, with different results
    assert len(page.offline.calls) == before


@pytest.mark.parametrize(
    ("recipe", "slug"),
    [(list_steps({**EYES, "on": False}), "recipe_nothing_on"), ("no recipe", "recipe_unreadable")],
)
def test_recipe_preview_explains_why_there_is_none(page: Page, portrait: bytes, recipe: str, slug: str) -> None:
    """In the result's place."""
    assert translate(f"errors.{slug}.title", "en") in draw(page, page.upload(portrait), recipe)


def test_recipe_preview_without_a_photo_is_the_example(page: Page) -> None:
    """As before the first photo."""
    assert "example/recipe/after.jpg" in draw(page, None, list_steps(EYES))
