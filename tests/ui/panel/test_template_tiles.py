"""The tiles of the templates' gallery through the running app."""

import base64
import json
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


def show(page: Page, photo: Any, tab: str) -> list[dict[str, Any]]:
    """The gallery after a change of the photo; empty if it stays as it is."""
    target = [page._component("face-fuse-photo"), "change"]
    event = next(
        event["id"] for event in page.config["dependencies"]
        if target in map(list, event["targets"]) and event["outputs"] == [page._component(GALLERY)]
    )  # fmt: skip
    answer = next(message for message in json.loads(page.join(event, [photo, tab, None])) if message.get("output"))
    (value,) = answer["output"]["data"]
    return value if isinstance(value, list) else []


def addresses(tiles: list[dict[str, Any]]) -> list[str]:
    return [tile["image"]["url"] for tile in tiles]


def test_tiles_show_the_face_of_the_photo(page: Page, portrait: bytes) -> None:
    """A photo gives every template a picture of its own, with its caption; no photo gives the example's again."""
    tab = secrets.token_hex(16)
    tiles = show(page, page.upload(portrait), tab)
    names = [info.name["en"] for info in face_templates.list_templates()]
    assert [tile["caption"] for tile in tiles] == names
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
