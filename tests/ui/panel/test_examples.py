"""Example photos: each visitor gets a complete copy."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.photos import codec
from meitu_demo.ui.panel import examples


def test_example_is_complete_for_each_caller() -> None:
    """Many simultaneous callers get it, also when the photo has to be created first."""
    examples.encode_example.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        encoded = list(pool.map(examples.encode_example, ["astronaut"] * 8))
    assert [codec.read_size(data) for data in encoded] == [(512, 512)] * 8


@pytest.mark.parametrize("screen", examples.EXAMPLE_SCREENS)
def test_example_result_is_a_pair_of_squares_that_differ(screen: str) -> None:
    """Each screen that opens with the example has its two pictures, of one shape, with the effect between them."""
    before, after = (codec.decode(examples._render_example_result(screen)[side]) for side in ("before", "after"))
    assert before.shape[0] == before.shape[1]
    assert after.shape[0] == after.shape[1]
    side = min(before.shape[0], after.shape[0])
    small = [cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA).astype(float) for pixels in (before, after)]
    assert 0.05 < np.abs(small[0] - small[1]).mean() < 120


@pytest.mark.parametrize("screen", ["facial_aesthetics", "recipe", "mirror"])
def test_example_of_a_reshaped_face_shows_it_enlarged(screen: str) -> None:
    """It opens as the result of a visitor's photo does: the face takes about FACE_SHARE of the frame, and is whole."""
    for picture in examples._render_example_result(screen).values():
        pixels = codec.decode(picture)
        left, top, right, bottom = find_faces(pixels)[0].box
        share = max(right - left, bottom - top) / pixels.shape[0]
        assert share == pytest.approx(examples.FACE_SHARE, abs=0.08)
        assert left > 0
        assert top > 0
        assert right < pixels.shape[1]
        assert bottom < pixels.shape[0]
