from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.segmentation import compute_person_matte, refine_matte


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


HEAD_COLOUR, WALL_COLOUR = (70, 50, 40), (110, 130, 190)
WIDTH = 100  # px of a face


def draw_head(radius: float) -> np.ndarray:
    """The mask of a head with hair that ends in a strand 4 px wide: float32 (300, 300)."""
    mask = np.zeros((300, 300), np.float32)
    cv2.circle(mask, (150, 150), round(radius), (1.0,), -1)
    cv2.line(mask, (150, 150), (150 + round(radius) + 5, 150), (1.0,), 4)
    return mask


def paint(head: np.ndarray, wall: np.ndarray | tuple[int, ...], hair: tuple[int, ...] = HEAD_COLOUR) -> np.ndarray:
    """A photo of the head, soft as from a lens and with noise."""
    picture = np.where(head[..., None] > 0, hair, wall).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 3, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.7) + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("model_radius", [76, 84])
def test_a_matte_is_corrected_before_an_even_wall(model_radius: int) -> None:
    """A mask that is 4 px too narrow or too wide all around is wrong in less than a tenth of the pixels afterwards."""
    head = draw_head(80)
    coarse = np.zeros_like(head)
    cv2.circle(coarse, (150, 150), model_radius, (1.0,), -1)
    refined = refine_matte(paint(head, WALL_COLOUR), coarse, WIDTH)
    assert np.abs(refined - head).sum() < 0.1 * np.abs(coarse - head).sum()
    assert refined[150, 228:234].min() > 0.9


@pytest.mark.parametrize("has_pattern", [True, False])
def test_a_matte_stays_where_colours_do_not_tell(has_pattern: bool) -> None:
    """Nothing changes before a chequered wall of the hair's and another colour, nor before one of the hair's colour."""
    head = draw_head(80)
    tiles = np.indices(head.shape).sum(0) // 8 % 2 * has_pattern
    wall = np.where(tiles[..., None] > 0, WALL_COLOUR, HEAD_COLOUR)
    coarse = cv2.GaussianBlur(head, (0, 0), 2)
    assert np.abs(refine_matte(paint(head, wall), coarse, WIDTH) - coarse).max() < 0.05
