"""One effect may use every core; as many effects as there are cores have one each."""

import cv2
import pytest

from meitu_demo.imaging import cores


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "getNumberOfCPUs", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_a_crowd_does_without_helpers_until_it_has_gone() -> None:
    """The second effect sends the helpers away; they are back when the last one ends, whatever it ends in."""
    everybody = cv2.getNumThreads()
    first, second, third = cores.taken(), cores.taken(), cores.taken()
    first.__enter__()
    assert cv2.getNumThreads() == everybody
    second.__enter__()
    assert cv2.getNumThreads() == 1
    first.__exit__(None, None, None)
    third.__enter__()
    assert cv2.getNumThreads() == 1
    second.__exit__(None, None, None)
    assert cv2.getNumThreads() == 1
    third.__exit__(ValueError, ValueError(), None)
    assert cv2.getNumThreads() == everybody


def test_two_effects_on_many_cores_keep_their_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is room for all."""
    monkeypatch.setattr(cv2, "getNumberOfCPUs", lambda: 8)
    everybody = cv2.getNumThreads()
    with cores.taken(), cores.taken():
        assert cv2.getNumThreads() == everybody
