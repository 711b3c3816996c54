"""What was found is remembered while somebody works on it, for the very same pixels, and then it is gone."""

import gc
import threading
import weakref
from collections.abc import Callable

import numpy as np
import pytest

from meitu_demo.engine.imaging import faces
from meitu_demo.engine.imaging.face_cache import ScopedCache


class Answer:
    """Something that can be seen to be gone."""


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
    """Within a block; another picture, shape or question is looked at anew."""
    lately = ScopedCache[Answer](8)
    with lately.scope():
        first = lately.get_or_compute(picture(1), find)
        assert lately.get_or_compute(picture(1).copy(), find) is first
        others = [
            lately.get_or_compute(picture(2), find),
            lately.get_or_compute(picture(1).reshape(6, 8, 3), find),
            lately.get_or_compute(picture(1), find, (1600, 1200)),
        ]
        assert first not in others
        assert lately.get_or_compute(np.asfortranarray(picture(1)), find) is first
    assert len(asked) == 4


def test_face_cache_is_empty_after_the_last_scope(find: Callable[[], Answer], asked: list[Answer]) -> None:
    """A block within another keeps what there is; when both have ended, even by an error, no answer is held."""
    lately = ScopedCache[Answer](8)
    outer = lately.scope()
    outer.__enter__()
    with lately.scope():
        there = weakref.ref(lately.get_or_compute(picture(1), find))
    asked.clear()
    gc.collect()
    assert there() is not None
    outer.__exit__(RuntimeError, RuntimeError(), None)
    gc.collect()
    assert there() is None
    assert lately.get_or_compute(picture(1), find) is not lately.get_or_compute(picture(1), find)


def test_face_cache_evicts_the_oldest(find: Callable[[], Answer]) -> None:
    """A long line of visitors does not fill the memory."""
    lately = ScopedCache[Answer](3)
    with lately.scope():
        there = [weakref.ref(lately.get_or_compute(picture(value), lambda: Answer())) for value in range(20)]
        gc.collect()
        assert [at for at, one in enumerate(there) if one() is not None] == [17, 18, 19]


def test_face_cache_drops_a_value_that_arrives_after_the_scope() -> None:
    """A thread that is still looking when the last block ends leaves nothing behind."""
    lately = ScopedCache[Answer](3)
    looking, ended = threading.Event(), threading.Event()
    given: list[weakref.ref[Answer]] = []

    def slow() -> Answer:
        looking.set()
        assert ended.wait(10)
        answer = Answer()
        given.append(weakref.ref(answer))
        return answer

    with lately.scope():
        thread = threading.Thread(target=lambda: lately.get_or_compute(picture(1), slow) and None)
        thread.start()
        assert looking.wait(10)
    ended.set()
    thread.join(10)
    gc.collect()
    assert given[0]() is None


def test_face_cache_clear_deletes_entries_while_scopes_are_open() -> None:
    """What was found before, and what is found later in a search that had begun."""
    lately = ScopedCache[Answer](3)
    given: list[weakref.ref[Answer]] = []

    def interrupted() -> Answer:
        lately.clear()
        answer = Answer()
        given.append(weakref.ref(answer))
        return answer

    with lately.scope():
        there = weakref.ref(lately.get_or_compute(picture(1), lambda: Answer()))
        lately.clear()
        lately.get_or_compute(picture(2), interrupted)
        gc.collect()
        assert (there(), given[0]()) == (None, None)
        assert lately.get_or_compute(picture(3), Answer) is lately.get_or_compute(picture(3), Answer)


def test_face_cache_stores_no_exception() -> None:
    """What raises is asked again."""
    lately = ScopedCache[Answer](3)

    def refuse() -> Answer:
        raise ValueError

    with lately.scope():
        with pytest.raises(ValueError):
            lately.get_or_compute(picture(1), refuse)
        assert isinstance(lately.get_or_compute(picture(1), Answer), Answer)


def test_face_cache_detects_faces_once_per_run(portrait_pixels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same photo, while `remembered` lasts; and nobody can change what others are given."""
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
