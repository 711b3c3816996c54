"""The route /moved: needs two tokens, answers in the reader's language, and ends with the pictures."""

import re

import httpx
import numpy as np
import pytest

from meitu_demo.engine.effects.displacement import MEASURE_INDEX_BY_NAME, FeatureChange
from meitu_demo.photos import codec
from meitu_demo.ui.result.displacement_map import describe_change, render_displacement


@pytest.mark.parametrize("language", ["en", "zh"])
def test_describe_change_has_sentences_for_more_and_less(language: str) -> None:
    """More and less of each measure have different sentences, with the amount."""
    for name in MEASURE_INDEX_BY_NAME:
        more, less = (describe_change(FeatureChange(name, by, is_angle=False), language) for by in (12.34, -1.26))
        assert "12" in more
        assert "1.3" in less
        assert more.replace("12", "") != less.replace("1.3", "")


def test_displacement_explains_pictures_without_a_face() -> None:
    """There are no arrows where no face was found."""
    grey = codec.encode(np.full((200, 200, 3), 128, np.uint8))
    assert "<svg" not in render_displacement(grey, grey, "kept/x/after", "en")
    assert "not found" in render_displacement(grey, grey, "kept/x/after", "en")


def test_displacement_route_needs_the_tokens_of_stored_pictures(page, portrait: bytes) -> None:
    """A result's URL answers in Chinese to a Chinese reader; one wrong token is refused like two."""
    shown = page.run("facial-aesthetics", ["8", 1], page.upload(portrait))
    address = re.search(r'data-address=\\*"(moved/[\w-]+/[\w-]+)', shown)[1]
    answer = httpx.get(f"{page.url}/{address}", headers={"accept-language": "zh-CN"}, timeout=60)
    assert answer.status_code == 200
    assert "眼睛面积增加" in answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    _, before, after = address.split("/")
    for one, other in ((before, "x"), ("x", after), ("x" * 32, "%3Cb%3E")):
        refused = httpx.get(f"{page.url}/moved/{one}/{other}")
        assert (refused.status_code, refused.text) == (404, "gone")


def test_displacement_is_offered_for_reshaping_endpoints_only(page, portrait: bytes) -> None:
    """A restored photo has no arrows to show."""
    assert "data-address" not in page.run("quality-restoration", [], page.upload(portrait))
