"""Skin and hair on the one real photo that every checkout has; places are read off the picture by eye."""

import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.imaging.align import FACE_OVAL, MESH_POINT_COUNT
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.segmentation import build_occlusion_mask, segment_skin

PHOTO = data.astronaut()
FRINGE, CHEEK, NECK, COLLAR, BACKDROP, HAIR = (225, 76), (200, 135), (208, 180), (225, 200), (300, 120), (180, 60)


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


def test_occlusion_mask_marks_the_fringe_and_not_the_cheeks(mesh: np.ndarray) -> None:
    """The fringe over the forehead is marked, the bare face below the brows is not."""
    mask = build_occlusion_mask(PHOTO, mesh)
    assert mask[FRINGE[1], FRINGE[0]] > 0.8
    inner = mesh[list(FACE_OVAL)].mean(0) + 0.3 * (mesh[list(FACE_OVAL)] - mesh[list(FACE_OVAL)].mean(0))
    assert max(mask[int(y), int(x)] for x, y in inner) < 0.1


def test_occlusion_mask_leaves_a_beard(mesh: np.ndarray) -> None:
    """A dark chin stays the user's own."""
    bearded = PHOTO.copy()
    x, y = mesh[152].astype(int)
    bearded[y - 14 : y + 3, x - 25 : x + 25] = (50, 40, 32)
    assert build_occlusion_mask(bearded, mesh)[y - 8 : y - 3, x - 15 : x + 15].max() < 0.1
