"""Finished calls and stored pictures for the history's tests."""

from typing import Any

from meitu_demo.calls.pipeline import CallResult
from meitu_demo.domain.model import Photo
from meitu_demo.endpoints import CATALOGUE
from meitu_demo.photos import codec
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.ui.result.facts import build_file_name
from meitu_demo.ui.result.pictures import PictureUrls, RenderedPair, store_pair

NO_PICTURES = PictureUrls("kept/a/before.jpg", "kept/b/x.jpg", "download/b/x.jpg", "x.jpg", "kept/c/small.jpg")


def build_result(picture: bytes, endpoint: str = "facial_aesthetics", mode: str = "offline", **more: Any) -> CallResult:
    """A finished call whose photo and result are `picture`."""
    photo = Photo(picture, "image/jpeg", *codec.read_size(picture))
    values = more.pop("values", {"shape_type": "8", "strength": 0.5} if endpoint == "facial_aesthetics" else {})
    return CallResult(CATALOGUE[endpoint], mode, values, photo, photo, (), 1.25, **more)


def store_pictures(store: PictureStore, found: CallResult, master: bytes, owner: str) -> PictureUrls:
    """Its pictures, kept for `owner`; master: the marked result."""
    return store_pair(
        store, RenderedPair(found.sent_photo.data, master, found.sent_photo.data), build_file_name(found), owner
    )
