"""What hides a face, on the one real photo that every checkout has and with things painted on it."""

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.imaging.align import FACE_OVAL, MESH_POINT_COUNT
from meitu_demo.engine.imaging.faces import find_faces
from meitu_demo.engine.imaging.occlusion import build_occlusion_mask, measure_hair_colour

PHOTO = data.astronaut()
FRINGE = (225, 76)
# From ear to ear: along the jaw below the ears, and back over the cheeks and the upper lip.
BEARD = (93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323)
BEARD += (366, 411, 426, 391, 164, 165, 206, 187, 137)
SIDEBURNS = (132, 361, 58, 288)
MOUTH = (61, 40, 0, 270, 291, 321, 17, 91)
EYE_CORNERS, EARS = (33, 263), (127, 356)


@pytest.fixture(scope="module")
def mesh() -> np.ndarray:
    return find_faces(PHOTO)[0].landmarks[:MESH_POINT_COUNT].astype(np.float64)


def bare(image: np.ndarray, mesh: np.ndarray) -> np.ndarray:
    """`image` with bare skin from the brows to above the forehead."""
    skin = image.copy()
    centre = mesh[list(FACE_OVAL)].mean(0)
    top = centre + (mesh[[103, 67, 109, 10, 338, 297, 332]] - centre) * 1.02
    hull = np.vstack([mesh[[105, 66, 107, 9, 336, 296, 334]] - (0, 6), top[::-1]]).astype(np.int32)
    return cv2.fillPoly(skin, [hull], (222, 188, 164))


def bearded(mesh: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    hair = cv2.fillPoly(np.zeros(PHOTO.shape[:2], np.uint8), [mesh[list(BEARD)].astype(np.int32)], 255)
    hair = cv2.fillPoly(hair, [mesh[list(MOUTH)].astype(np.int32)], 0)
    hair = cv2.dilate(hair, np.ones((5, 5), np.uint8)).astype(np.float32)[..., None] / 255
    return (PHOTO * (1 - hair) + np.array(colour) * hair).astype(np.uint8)


def look_up(mask: np.ndarray, point: np.ndarray) -> float:
    return float(mask[round(point[1]), round(point[0])])


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


@pytest.mark.parametrize("colour", [(46, 34, 28), (140, 100, 60), (225, 224, 222)], ids=["dark", "fair", "white"])
def test_occlusion_mask_leaves_a_full_beard_up_to_the_ears(mesh: np.ndarray, colour: tuple[int, int, int]) -> None:
    """A beard of any colour is kept on the rim of the jaw and below the ears, where a lock would be marked."""
    mask = build_occlusion_mask(bearded(mesh, colour), mesh)
    centre = mesh[list(FACE_OVAL)].mean(0)
    assert max(look_up(mask, centre + 0.93 * (mesh[point] - centre)) for point in SIDEBURNS) < 0.15


def test_occlusion_mask_marks_a_lock_beside_a_bare_chin(mesh: np.ndarray) -> None:
    """Hair over the rim of a cheek is marked above the nose, because the chin has no beard."""
    cheek = mesh[[234, 93, 137, 227]].astype(np.int32)
    lock = cv2.fillPoly(PHOTO.copy(), [cheek], (46, 34, 28))
    assert look_up(build_occlusion_mask(lock, mesh), mesh[[234, 93, 137, 227]].mean(0)) > 0.5


def test_occlusion_mask_marks_fair_strands_by_the_hairs_colour(mesh: np.ndarray) -> None:
    """A fair strand on a fair forehead is marked when the hair's colour is known; the skin beside it is not."""
    hair = (206, 172, 126)
    photo = bare(PHOTO, mesh)
    start, end = mesh[10].astype(int), mesh[9].astype(int) - (4, 10)
    cv2.line(photo, start.tolist(), end.tolist(), hair, 4)
    colour = cv2.cvtColor(np.uint8([[hair]]), cv2.COLOR_RGB2LAB)[0, 0].astype(np.float32)
    without, given = build_occlusion_mask(photo, mesh), build_occlusion_mask(photo, mesh, colour)
    middle, beside = start * 0.25 + end * 0.75, start * 0.25 + end * 0.75 + (14, 0)
    assert look_up(without, middle) < 0.3
    assert look_up(given, middle) > 0.6
    assert look_up(given, beside) < 0.2


def test_occlusion_mask_follows_a_brim_over_the_brows(mesh: np.ndarray) -> None:
    """A pale brim or hand over the forehead is marked down to its edge on the brows, and not the eyes below it."""
    brim, height = (236, 232, 226), np.ptp(mesh[:, 1])
    edge = mesh[[127, 139, 70, 63, 105, 66, 107, 9, 336, 296, 334, 293, 300, 368, 356]] + (0, 0.02 * height)
    photo = bare(PHOTO, mesh)
    cv2.fillPoly(photo, [np.vstack([edge, edge[::-1] - (0, 0.5 * height)]).astype(np.int32)], brim)
    colour = cv2.cvtColor(np.uint8([[brim]]), cv2.COLOR_RGB2LAB)[0, 0].astype(np.float32)
    mask = build_occlusion_mask(photo, mesh, colour)
    assert min(look_up(mask, mesh[point]) for point in (105, 334)) > 0.9
    assert max(look_up(mask, mesh[point]) for point in (145, 374, 195)) < 0.1


def test_measure_hair_colour_reads_the_hair_above_the_forehead(mesh: np.ndarray) -> None:
    """On the astronaut it is dark blond; on a bald head there is none."""
    colour = measure_hair_colour(PHOTO, mesh)
    assert colour is not None
    red, green, blue = cv2.cvtColor(np.uint8([[colour]]), cv2.COLOR_LAB2RGB)[0, 0].astype(int)
    assert red > green > blue + 15
    bald = PHOTO.copy()
    cv2.ellipse(bald, mesh[10].astype(int).tolist(), (110, 90), 0, 180, 360, (222, 188, 164), -1)
    assert measure_hair_colour(bald, mesh) is None


def test_occlusion_mask_leaves_the_arms_of_glasses(mesh: np.ndarray) -> None:
    """Arms from the frame to the ears stay, where without a frame a dark line would not."""
    photo = PHOTO.copy()
    cv2.line(photo, mesh[133].astype(int).tolist(), mesh[362].astype(int).tolist(), (30, 26, 24), 3)
    ends = []
    for eye, ear in zip(EYE_CORNERS, EARS, strict=True):
        cv2.line(photo, mesh[eye].astype(int).tolist(), mesh[ear].astype(int).tolist(), (30, 26, 24), 3)
        ends.append(mesh[eye] + 0.45 * (mesh[ear] - mesh[eye]))
    mask = build_occlusion_mask(photo, mesh)
    assert max(look_up(mask, end) for end in ends) < 0.2
