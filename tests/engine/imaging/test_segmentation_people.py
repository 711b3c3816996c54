from concurrent.futures import ThreadPoolExecutor

import numpy as np
from skimage import data

from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.segmentation import compute_person_matte


def test_person_matte_cuts_out_a_person() -> None:
    """The whole face and the chest are person, the corner beside the head is not."""
    photo = data.astronaut()
    matte = compute_person_matte(photo)
    x, y = (int(value) for value in find_faces(photo)[0].centre)
    assert matte.shape == photo.shape[:2]
    assert matte.dtype == np.float32
    assert matte.min() >= 0
    assert matte.max() <= 1
    assert matte[y - 30 : y + 30, x - 30 : x + 30].min() > 0.95
    assert matte[300:400, 150:250].mean() > 0.95
    assert matte[10:60, 100:140].max() < 0.1


def test_person_matte_is_empty_without_a_person() -> None:
    """A photo without people has an almost empty matte."""
    assert compute_person_matte(data.rocket()).mean() < 0.1


def test_person_matte_is_thread_safe() -> None:
    """Four threads get the same matte that one gets."""
    photo = data.astronaut()[:300, :400]
    alone = compute_person_matte(photo)
    with ThreadPoolExecutor(4) as pool:
        for matte in pool.map(compute_person_matte, [photo] * 4):
            assert np.array_equal(matte, alone)
