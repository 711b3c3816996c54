"""The face cache returns earlier results for identical pixels while a scope is open, and is empty afterwards."""

import gc
import threading
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from meitu_demo.engine.imaging import faces
from meitu_demo.engine.imaging.face_cache import ScopedCache


class Answer:
    """A value whose garbage collection can be observed."""


def picture(value: int) -> np.ndarray:
    return np.full((8, 6, 3), value, np.uint8)


@pytest.fixture
def asked() -> list[Answer]:
    return []


@pytest.fixture
def find(asked: list[Answer]) -> Callable[[], Answer]:
    def found() -> Answer:
        asked.append(Answer())
        return asked[-1]

    return found


def test_face_cache_computes_once_for_the_same_pixels(find: Callable[[], Answer], asked: list[Answer]) -> None:
    """Within a scope a value is computed once; another picture, shape or question is computed again."""
    cache = ScopedCache[Answer](8)
    with cache.scope():
        first = cache.get_or_compute(picture(1), find)
        assert cache.get_or_compute(picture(1).copy(), find) is first
        others = [
            cache.get_or_compute(picture(2), find),
            cache.get_or_compute(picture(1).reshape(6, 8, 3), find),
            cache.get_or_compute(picture(1), find, (1600, 1200)),
        ]
        assert first not in others
        assert cache.get_or_compute(np.asfortranarray(picture(1)), find) is first
    assert len(asked) == 4


def test_face_cache_is_empty_after_the_last_scope(find: Callable[[], Answer], asked: list[Answer]) -> None:
    """A nested scope keeps the entries; after the last scope, also after an exception, nothing is retained."""
    cache = ScopedCache[Answer](8)
    outer = cache.scope()
    outer.__enter__()
    with cache.scope():
        reference = weakref.ref(cache.get_or_compute(picture(1), find))
    asked.clear()
    gc.collect()
    assert reference() is not None
    outer.__exit__(RuntimeError, RuntimeError(), None)
    gc.collect()
    assert reference() is None
    assert cache.get_or_compute(picture(1), find) is not cache.get_or_compute(picture(1), find)


def test_face_cache_evicts_the_oldest(find: Callable[[], Answer]) -> None:
    """The cache has a maximum size and evicts the oldest entry."""
    cache = ScopedCache[Answer](3)
    with cache.scope():
        references = [weakref.ref(cache.get_or_compute(picture(value), lambda: Answer())) for value in range(20)]
        gc.collect()
        assert [index for index, reference in enumerate(references) if reference() is not None] == [17, 18, 19]


def test_face_cache_drops_a_value_that_arrives_after_the_scope() -> None:
    """A thread that finishes after the last scope has ended leaves nothing in the cache."""
    cache = ScopedCache[Answer](3)
    looking, ended = threading.Event(), threading.Event()
    given: list[weakref.ref[Answer]] = []

    def slow() -> Answer:
        looking.set()
        assert ended.wait(60)
        answer = Answer()
        given.append(weakref.ref(answer))
        return answer

    with cache.scope():
        thread = threading.Thread(target=lambda: cache.get_or_compute(picture(1), slow) and None)
        thread.start()
        assert looking.wait(60)
    ended.set()
    thread.join(60)
    gc.collect()
    assert given[0]() is None


def test_face_cache_clear_deletes_entries_while_scopes_are_open() -> None:
    """`clear` deletes earlier entries and also the results of searches that are still running."""
    cache = ScopedCache[Answer](3)
    given: list[weakref.ref[Answer]] = []

    def interrupted() -> Answer:
        cache.clear()
        answer = Answer()
        given.append(weakref.ref(answer))
        return answer

    with cache.scope():
        reference = weakref.ref(cache.get_or_compute(picture(1), lambda: Answer()))
        cache.clear()
        cache.get_or_compute(picture(2), interrupted)
        gc.collect()
        assert (reference(), given[0]()) == (None, None)
        assert cache.get_or_compute(picture(3), Answer) is cache.get_or_compute(picture(3), Answer)


def test_face_cache_stores_no_exception() -> None:
    """After an exception the value is computed again."""
    cache = ScopedCache[Answer](3)

    def refuse() -> Answer:
        raise ValueError

    with cache.scope():
        with pytest.raises(ValueError):
            cache.get_or_compute(picture(1), refuse)
        assert isinstance(cache.get_or_compute(picture(1), Answer), Answer)


def test_face_cache_detects_faces_once_per_run(portrait_pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a scope the faces of one photo are detected once, and callers cannot modify the shared result."""
    searches = []
    search = faces._search
    monkeypatch.setattr(faces, "_search", lambda *given: searches.append(1) or search(*given))
    with faces.face_cache_scope():
        first, again = faces.find_faces(portrait_pixels), faces.find_faces(portrait_pixels.copy())
        assert first is again
        assert len(searches) == 1
        with pytest.raises(ValueError):
            first[0].landmarks[0] = 0
    faces.find_faces(portrait_pixels)
    assert len(searches) == 2
