"""Two results on one divider: which frame they share, and what happens when one was deleted."""

import threading

import numpy as np
import pytest
from ui.history.sample_runs import build_result, store_pictures

from meitu_demo.domain.model import Image, Photo
from meitu_demo.photos import codec
from meitu_demo.runtime.picture_store import PictureStore
from meitu_demo.ui.history.entries import History, Success
from meitu_demo.ui.history.views import compare_two
from meitu_demo.ui.result.pictures import load_picture


def record_run(store: PictureStore, history: History, pixels: Image, endpoint: str, **more: object) -> Success:
    data = codec.encode(np.ascontiguousarray(pixels))
    found = build_result(data, endpoint, **more)
    history.record_success("one", found, store_pictures(store, found, data, "one"))
    run = history.list_runs("one")[0]
    assert run.success
    return run.success


async def test_compare_two_uses_the_frame_of_the_result_that_shows_less(portrait_pixels: Image) -> None:
    """The right result's frame is used, unless only the left endpoint changes the framing; the other picture is
    aligned to it.
    """
    store, history = PictureStore(60), History(60)
    whole = record_run(store, history, portrait_pixels, "facial_aesthetics")
    close = record_run(store, history, portrait_pixels[20:300, 60:260], "face_fuse", values={"template_id": "lion"})
    for left, right in ((whole, close), (close, whole)):
        found = await compare_two(store, left, right, "one")
        assert found
        frame, pictures = found
        assert frame.endpoint.id == "face_fuse"
        shown = [load_picture(store, url) for url in (pictures.before, pictures.after)]
        ratios = {round(np.divide(*codec.read_size(data)), 2) for data in shown if data}
        assert ratios == {round(200 / 280, 2)}
        assert pictures.download == right.pictures.download


async def test_compare_two_reads_pictures_in_worker_threads(
    portrait_pixels: Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To find a picture's size its whole file is checked: 50 ms for one of 20 MB, which the event loop has not."""
    store, history, threads = PictureStore(60), History(60), []
    read_photo = codec.read_photo

    def record_thread(data: bytes) -> Photo:
        threads.append(threading.current_thread())
        return read_photo(data)

    monkeypatch.setattr(codec, "read_photo", record_thread)
    left, right = (record_run(store, history, portrait_pixels, "quality_restoration") for _ in range(2))
    assert await compare_two(store, left, right, "one")
    assert threads
    assert threading.main_thread() not in threads


async def test_compare_two_stores_no_third_picture_for_results_of_one_shape(portrait_pixels: Image) -> None:
    """Results of one shape are used as they are; nothing is shown where one of the two was deleted."""
    store, history = PictureStore(60), History(60)
    one = record_run(store, history, portrait_pixels, "facial_aesthetics")
    other = record_run(store, history, portrait_pixels[::-1], "quality_restoration")
    before = store.count("one")
    found = await compare_two(store, one, other, "one")
    assert found
    assert (found[1].before, found[1].after) == (one.pictures.after, other.pictures.after)
    assert store.count("one") == before
    store.pop(one.pictures.after.split("/")[1])
    assert await compare_two(store, one, other, "one") is None
    assert await compare_two(store, other, one, "one") is None
