"""The tiles of the templates' gallery through the running app."""

import base64
import html
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from ui.conftest import Page

from meitu_demo.engine import face_templates, previews
from meitu_demo.engine.contact_sheets import FaceCrop
from meitu_demo.engine.sample_photos import load_astronaut
from meitu_demo.photos import codec
from meitu_demo.ui.panel.sheet_stream import LatestRequest

GALLERY = "face-fuse-template-id-gallery"


def show(page: Page, photo: Any, tab: str) -> list[tuple[str, str]]:
    """(address, caption) of each picture after a change of the photo; empty if they stay as they are."""
    answers = json.loads(page.press(GALLERY, [photo, tab, None, "lion"], "input"))
    (value,) = next(message["output"]["data"] for message in answers if message.get("output"))
    return re.findall(r'<img src="([^"]+)" alt=""><span>([^<]+)</span>', value) if isinstance(value, str) else []


def addresses(tiles: list[tuple[str, str]]) -> list[str]:
    return [address for address, _ in tiles]


def test_tiles_show_the_face_of_the_photo(page: Page, portrait: bytes) -> None:
    """A photo gives every template a picture of its own, with its caption; no photo gives the example's again."""
    tab = secrets.token_hex(16)
    tiles = show(page, page.upload(portrait), tab)
    names = [info.name["en"] for info in face_templates.list_templates()]
    assert [html.unescape(caption) for _, caption in tiles] == names
    pictures = [codec.decode(base64.b64decode(address.partition(",")[2])) for address in addresses(tiles)]
    assert all(picture.shape == (face_templates.TILE_PX, face_templates.TILE_PX, 3) for picture in pictures)
    assert all(address.startswith("stills/template-") for address in addresses(show(page, None, tab)))


def test_tiles_of_a_photo_without_a_face_show_the_examples(page: Page, faceless: bytes) -> None:
    """The preview explains what is wrong; the gallery goes on to show a person."""
    tiles = show(page, page.upload(faceless), secrets.token_hex(16))
    assert all(address.startswith("stills/template-") for address in addresses(tiles))


def test_tiles_are_cancelled_by_a_newer_photo(page: Page, portrait: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """When another photo comes while tiles are drawn, no more are, and the gallery gets the other's alone."""
    tab, begun, is_replaced = secrets.token_hex(16), threading.Event(), threading.Event()
    photos = [page.upload(portrait), page.upload(codec.encode(np.ascontiguousarray(load_astronaut()[:, ::-1])))]
    render_tiles, register, drawn = previews.render_tiles, LatestRequest.register, []

    def render_first_and_wait(face_crop: FaceCrop) -> Iterator[bytes | None]:
        monkeypatch.setattr(previews, "render_tiles", render_tiles)
        for tile in render_tiles(face_crop):
            begun.set()
            assert is_replaced.wait(60)
            drawn.append(tile)
            yield tile

    def register_and_tell(self: LatestRequest, session: str, photo: str) -> Callable[[], bool]:
        is_current = register(self, session, photo)
        if photo == photos[1]["path"]:
            is_replaced.set()
        return is_current

    monkeypatch.setattr(previews, "render_tiles", render_first_and_wait)
    monkeypatch.setattr(LatestRequest, "register", register_and_tell)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(show, page, photos[0], tab)
        assert begun.wait(60)
        second = show(page, photos[1], tab)
        assert first.result() == []
    assert len(drawn) == 1
    assert len(second) == len(face_templates.list_templates())
