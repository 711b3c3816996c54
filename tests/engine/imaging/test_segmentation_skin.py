"""Skin on the one real photo that every checkout has; places are read off the picture by eye."""

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.imaging.align import MESH_POINT_COUNT
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.segmentation import segment_skin

PHOTO = data.astronaut()
CHEEK, NECK, COLLAR, BACKDROP, HAIR = (200, 135), (208, 180), (225, 200), (300, 120), (180, 60)


@pytest.fixture(scope="module")
def mesh() -> np.ndarray:
    return find_faces(PHOTO)[0].landmarks[:MESH_POINT_COUNT].astype(np.float64)


def test_segment_skin_marks_face_and_neck_only(mesh: np.ndarray) -> None:
    """Cheek and neck take a user's tone; collar, backdrop and hair do not."""
    mask = segment_skin(PHOTO, mesh)
    assert all(mask[y, x] > 200 for x, y in (CHEEK, NECK))
    assert all(mask[y, x] < 30 for x, y in (COLLAR, BACKDROP, HAIR))


def test_segment_skin_works_for_rotated_heads(mesh: np.ndarray) -> None:
    """On the photo turned by a quarter the mask is the same, turned."""
    turned = np.rot90(PHOTO)
    points = np.column_stack([mesh[:, 1], PHOTO.shape[1] - 1 - mesh[:, 0]])
    one, other = segment_skin(PHOTO, mesh) > 127, np.rot90(segment_skin(turned, points), -1) > 127
    assert (one & other).sum() > 0.9 * (one | other).sum()


@pytest.mark.parametrize("white", [(225, 213, 205), (232, 224, 218)])
def test_segment_skin_leaves_out_a_white_collar(mesh: np.ndarray, white: tuple[int, int, int]) -> None:
    """A collar below the chin that the skin tints a little keeps its colour."""
    dressed = PHOTO.copy()
    cv2.fillConvexPoly(dressed, np.array([(214, 165), (250, 150), (262, 225), (222, 225)]), white)
    mask = segment_skin(dressed, mesh)
    assert mask[200, 238] < 30
    assert mask[CHEEK[::-1]] > 200
