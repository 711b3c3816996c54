"""The route that tells what moved: by two tokens alone, in the reader's language, and gone when the pictures are."""

import re

import httpx
import numpy as np
import pytest

from meitu_demo.engine.effects.displacement import MEASURE_INDEX_BY_NAME, FeatureChange
from meitu_demo.photos import codec
from meitu_demo.ui.result.displacement_map import describe_change, render_displacement


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reading_has_its_sentences(language: str) -> None:
    """More and less of each are said differently, with the amount."""
    for name in MEASURE_INDEX_BY_NAME:
        more, less = (describe_change(FeatureChange(name, by, is_angle=False), language) for by in (12.34, -1.26))
        assert "12" in more
        assert "1.3" in less
        assert more.replace("12", "") != less.replace("1.3", "")


def test_pictures_without_a_face_are_explained() -> None:
    """No arrows on what is no face."""
    grey = codec.encode(np.full((200, 200, 3), 128, np.uint8))
    assert "<svg" not in render_displacement(grey, grey, "kept/x/after", "en")
    assert "not found" in render_displacement(grey, grey, "kept/x/after", "en")


def test_only_the_tokens_of_kept_pictures_open_it(page, portrait: bytes) -> None:
    """A result's own address answers in Chinese to a Chinese reader; one wrong token is as good as none."""
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


def test_endpoints_that_reshape_nothing_offer_nothing(page, portrait: bytes) -> None:
    """A restored photo has no arrows to show."""
    assert "data-address" not in page.run("quality-restoration", [], page.upload(portrait))
