import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.effects.avatar import draw_avatar
from meitu_demo.engine.effects.cartoon import mesh
from meitu_demo.engine.effects.cartoon.beard import find_beard
from meitu_demo.engine.effects.cartoon.bust import busts
from meitu_demo.engine.effects.cartoon.colour import to_lab
from meitu_demo.engine.effects.cartoon.exposure import lift
from meitu_demo.engine.effects.cartoon.eyes import place_eyes
from meitu_demo.engine.effects.cartoon.glasses import find_glasses
from meitu_demo.engine.effects.cartoon.head import frame
from meitu_demo.engine.effects.cartoon.people import cut_out
from meitu_demo.engine.effects.cartoon.regions import Regions, sort_regions
from meitu_demo.engine.imaging.faces import Face, find_faces
from tools.quality.contact_sheets import draw_glasses

PHOTO = data.astronaut()


@pytest.fixture(scope="module")
def face() -> Face:
    return find_faces(PHOTO)[0]


def sorted_(image: np.ndarray, face: Face) -> tuple[np.ndarray, Regions]:
    canvas, heads = frame(image, [face])
    bust = busts(canvas, heads)[0]
    box = bust.rows, bust.columns
    return canvas[box], sort_regions(canvas[box], cut_out(canvas, [bust])[box], bust.own, bust.head)


def bearded(image: np.ndarray, face: Face) -> np.ndarray:
    mask = np.zeros(image.shape[:2], np.float32)
    cv2.fillPoly(mask, [face.landmarks[list(mesh.BEARD)].astype(int)], 1)
    cv2.fillPoly(mask, [face.landmarks[list(mesh.LIPS)].astype(int)], 0)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.02 * face.width)[..., None] * 0.85
    return (image * (1 - mask) + np.array([80, 55, 35]) * mask).astype(np.uint8)


def test_hair_skin_and_clothes_are_told_apart(face: Face) -> None:
    """Cheeks are skin, the crown is hair, the orange suit is neither, and the shares never exceed one."""
    canvas, regions = sorted_(PHOTO, face)
    head = frame(PHOTO, [face])[1][0]
    crown = head.place([(0.0, -0.85)])[0].astype(int)
    cheek = head.points[205].astype(int)
    suit = (canvas[..., 0] > 200) & (canvas[..., 2] < 90) & (head.grid(canvas.shape)[1] > 0.9)
    assert regions.hair[crown[1], crown[0]] > 0.9
    assert regions.skin[cheek[1], cheek[0]] > 0.9
    assert suit.sum() > 2000
    assert (regions.hair + regions.skin)[suit].mean() < 0.1
    assert (regions.hair + regions.skin).max() <= 1.001


def test_glasses_are_kept(face: Face) -> None:
    """Glasses on the photo are found and painted as dark rims; a bare face gets none, small, blurred or noisy."""
    canvas, (head,) = frame(PHOTO, [face])
    noise = np.random.default_rng(1).normal(0, 20, canvas.shape)
    for bare in (canvas, cv2.GaussianBlur(canvas, (0, 0), 3), np.clip(canvas + noise, 0, 255).astype(np.uint8)):
        assert find_glasses(to_lab(bare), head, place_eyes(head)) is None
    worn = draw_glasses(PHOTO, face)
    glasses = find_glasses(to_lab(frame(worn, [face])[0]), head, place_eyes(head))
    assert glasses is not None
    drawn = draw_avatar(worn, [face])
    for lens in glasses.lenses:
        x, y = lens[8:24].round().astype(int).T  # under the eye, where a bare face is plain skin
        assert np.median(drawn[y, x].max(1)) < 110 < np.median(draw_avatar(PHOTO, [face])[y, x].max(1))


def test_beards_are_kept_and_none_are_invented(face: Face) -> None:
    """A dark lower face is drawn as hair; the shaven one is not."""
    head = frame(PHOTO, [face])[1][0]
    canvas, regions = sorted_(PHOTO, face)
    assert find_beard(to_lab(canvas), head, regions) is None
    canvas, regions = sorted_(bearded(PHOTO, face), face)
    beard = find_beard(to_lab(canvas), head, regions)
    assert beard is not None
    chin = head.points[199].astype(int)
    assert beard[chin[1], chin[0]] > 0.9
    assert beard[: int(head.points[4, 1])].max() < 0.1


def test_eyes_grow_but_stay_apart(face: Face) -> None:
    """Drawn eyes are wider than the mesh's, at least 0.45 as high as wide, and never touch."""
    head = frame(PHOTO, [face])[1][0]
    right, left = place_eyes(head)
    for eye, (outer, inner) in ((right, (33, 133)), (left, (263, 362))):
        assert eye.width > 1.1 * np.linalg.norm(head.points[outer] - head.points[inner])
        height = ((eye.upper - eye.centre) @ eye.up).max() - ((eye.lower - eye.centre) @ eye.up).min()
        assert height > 0.45 * eye.width
    assert right.upper[:, 0].max() < left.upper[:, 0].min()


def test_a_dark_photo_is_lit_first_and_a_good_one_left_alone(face: Face) -> None:
    """A third of the light still gives a bright drawing; the astronaut herself is not touched."""
    canvas, (head,) = frame(PHOTO, [face])
    assert lift(canvas, head) is canvas
    dark = (PHOTO * 0.33).astype(np.uint8)
    cheek = head.points[205].astype(int)
    there = (slice(cheek[1] - 5, cheek[1] + 6), slice(cheek[0] - 5, cheek[0] + 6))
    assert draw_avatar(dark, [face])[there].mean() > 0.75 * draw_avatar(PHOTO, [face])[there].mean()
