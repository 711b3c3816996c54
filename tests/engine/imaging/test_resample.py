"""Pictures at another size and place."""

import cv2
import numpy as np
from skimage import data

from meitu_demo.engine.imaging.resample import enlarge, shrink, warp_affine


def test_enlarge_is_sharper_than_interpolation_and_shrinks_to_the_picture() -> None:
    """Three times as large, the picture is nearer to the original than a cubic one; shrunk again it is what it was."""
    original = data.astronaut()[20:260, 110:350]
    small = np.asarray(cv2.resize(original, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA), np.uint8)
    larger, cubic = enlarge(small, 3), cv2.resize(small, (240, 240), interpolation=cv2.INTER_CUBIC)
    assert cv2.PSNR(larger, original) > cv2.PSNR(np.asarray(cubic, np.uint8), original) + 0.3
    again = cv2.resize(larger, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(again.astype(float) - small).mean() < 1


def test_shrink_keeps_the_mean_of_fine_stripes() -> None:
    """Stripes finer than a pixel of the result become their mean, at any scale."""
    stripes = np.zeros((300, 300, 3), np.uint8)
    stripes[:, ::2] = 200
    for scale in (0.5, 0.4, 0.2, 0.07):
        small = shrink(stripes, scale)
        assert abs(small.shape[0] - 300 * scale) <= 1
        assert np.abs(small.astype(int) - 100).max() <= 1


def test_warp_affine_repeats_the_edge_beyond_the_picture() -> None:
    """A part that lies beside, around or in the picture has its nearest pixels, down to a picture of one pixel."""
    photo = data.astronaut()
    for offset in (-900.0, -20.0, 700.0):
        moved = warp_affine(photo, np.array([[1.0, 0, offset], [0, 1, offset]]), (64, 48))
        rows, columns = (np.clip(np.arange(side) + int(offset), 0, 511) for side in (48, 64))
        assert np.array_equal(moved, photo[rows][:, columns])
    slope = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, 2).repeat(20, 1)
    beside = warp_affine(slope, np.array([[6.0, 0, -900], [0, 6, 40]]), (9, 30))
    assert np.abs(beside.astype(float) - (40 + 6 * np.arange(30))[:, None, None]).max() < 8
    dot = warp_affine(np.full((1, 1, 3), 77, np.uint8), np.array([[0.1, 0, -3], [0, 0.1, 2]]), (5, 4))
    assert dot.shape == (4, 5, 3)
    assert (dot == 77).all()
