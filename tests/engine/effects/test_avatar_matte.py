"""What is cut out and what is drawn in its scene: on drawn masks in place of the models', and on the astronaut."""

import dataclasses
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.effects.avatar import matte as module
from meitu_demo.engine.effects.avatar.draw import VERSIONS, draw_avatar
from meitu_demo.engine.effects.avatar.head import MAX_SCENE_FACE_WIDTHS, Head, crop_to_heads
from meitu_demo.engine.effects.avatar.matte import cut_out_people
from meitu_demo.engine.imaging.faces import find_faces

PHOTO = data.astronaut()
HEAD = Head(np.asarray(find_faces(PHOTO)[0].landmarks, float))
GROUP = np.hstack([PHOTO[:300, 130:320], PHOTO[:300, 320:130:-1]] * 2)
SHAPE = (400, 500)  # of the drawn masks
Mask = np.ndarray
SetMasks = Callable[..., None]


def place_head(x: float, y: float, width: float = 60) -> Head:
    """A head whose face has its middle at (x, y)."""
    scale = width / HEAD.width
    return Head((HEAD.points - HEAD.middle) * scale + (x, y))


def draw_person(x: float, y: float, width: float = 60) -> Mask:
    """A round head and a body as wide as its shoulders, down to the lower border."""
    mask = np.zeros(SHAPE, np.float32)
    cv2.circle(mask, (round(x), round(y - 0.1 * width)), round(0.85 * width), (1.0,), -1)
    cv2.rectangle(mask, (round(x - width), round(y + width)), (round(x + width), SHAPE[0]), (1.0,), -1)
    cv2.rectangle(mask, (round(x - 0.3 * width), round(y)), (round(x + 0.3 * width), SHAPE[0]), (1.0,), -1)
    return mask


def draw_bar(start: tuple[int, int], end: tuple[int, int], thickness: int) -> Mask:
    mask = np.zeros(SHAPE, np.float32)
    cv2.line(mask, start, end, (1.0,), thickness)
    return mask


def draw_coordinates() -> np.ndarray:
    """A picture whose first channels are half the row and half the column of each pixel."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] // 2
    return np.dstack([rows, columns, columns]).astype(np.uint8)


@pytest.fixture
def set_masks(monkeypatch: pytest.MonkeyPatch) -> SetMasks:
    """Replaces the models: one mask of all people, then what the pose model sees of each head's person, in turn.

    The picture of coordinates tells which part of a mask the pose model is asked for.
    """

    def set_them(people: Mask, *singles: Mask) -> None:
        order = iter(singles)

        def see_person(part: np.ndarray) -> Mask:
            rows, columns = part[..., 0].astype(int) * 2, part[..., 1].astype(int) * 2
            return next(order)[rows, columns]

        monkeypatch.setattr(module, "compute_person_matte", lambda _: people)
        monkeypatch.setattr(module, "compute_single_person_mask", see_person)

    return set_them


def cut_out(heads: list[Head]) -> Mask:
    return cut_out_people(draw_coordinates(), heads)[1]


def test_a_person_is_cut_out(set_masks: SetMasks) -> None:
    """The matte is the mask of the person, within the width of its soft edge."""
    person = draw_person(250, 120)
    set_masks(person, person)
    assert np.abs(cut_out([place_head(250, 120)]) - person).mean() < 0.01


def test_a_raised_arm_is_not_cut_off(set_masks: SetMasks) -> None:
    """An arm beside the head, which the pose model sees as the person's, is drawn up to the hand."""
    arm = draw_bar((310, 260), (400, 60), 30)
    person = np.maximum(draw_person(250, 120), arm)
    set_masks(person, person)
    assert cut_out([place_head(250, 120)])[arm > 0].mean() > 0.97


def test_hair_tips_beyond_the_pose_mask_stay(set_masks: SetMasks) -> None:
    """Hair that is thinner than a quarter of a face stays, though only the matte of all people has it."""
    person = draw_person(250, 120)
    tips = np.clip(draw_bar((195, 120), (190, 230), 12) - person, 0, 1)
    set_masks(np.maximum(person, tips), person)
    assert cut_out([place_head(250, 120)])[tips > 0].mean() > 0.9


def test_the_crown_of_a_head_stays(set_masks: SetMasks) -> None:
    """The hair above the forehead stays where the pose model sees nothing of it and somebody else behind it."""
    person, stranger = draw_person(250, 160), draw_person(320, 100, 50)
    seen = person.copy()
    seen[:130] = 0
    set_masks(np.maximum(person, stranger), seen)
    head = place_head(250, 160)
    assert cut_out([head])[115:130, 235:265].min() > 0.9


def test_a_stranger_beside_the_person_is_left_out(set_masks: SetMasks) -> None:
    """Somebody whose face was not found is not drawn, though the masks touch."""
    person, stranger = draw_person(200, 120), draw_person(300, 150)
    set_masks(np.maximum(person, stranger), person)
    drawn = cut_out([place_head(200, 120)])
    assert drawn[(stranger > 0) & (cv2.dilate(person, np.ones((9, 9))) == 0)].mean() < 0.01
    assert drawn[person > 0].mean() > 0.97


def test_what_one_model_is_unsure_of_is_left_out(set_masks: SetMasks) -> None:
    """A thin thing beside the person, in which one model sees a person with 0.85 and the other nobody, is not drawn."""
    person = draw_person(250, 120)
    thing = np.clip(draw_bar((312, 300), (320, 400), 12) - person, 0, 1)
    set_masks(np.maximum(person, 0.85 * thing), person)
    drawn = cut_out([place_head(250, 120)])
    assert drawn[thing > 0].mean() < 0.2
    assert drawn[person > 0].mean() > 0.97


def test_a_hole_at_the_side_of_the_picture_is_closed(set_masks: SetMasks) -> None:
    """A small gap in a sleeve, where it leaves the frame, is person."""
    person = np.maximum(draw_person(440, 120), draw_bar((380, 300), (499, 300), 160))
    gap = draw_bar((490, 300), (499, 300), 10)
    set_masks(person * (1 - gap), person)
    assert cut_out([place_head(440, 120)])[gap > 0].min() > 0.9


def test_a_head_cut_by_the_upper_border_keeps_its_outline(set_masks: SetMasks) -> None:
    """Where hair leaves the frame at an angle, both edges of the matte are within a pixel of the mask's."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    person = (np.abs(columns - 250) < 50 + 1.5 * rows).astype(np.float32)
    set_masks(person, person)
    matte = cut_out([place_head(250, 120, 150)])
    assert np.abs((matte - person).sum(1)[:8]).max() < 2


def test_a_body_behind_another_head_is_not_cut_off(set_masks: SetMasks) -> None:
    """Of two people at different heights the one behind keeps the side that is nearer to the other's face."""
    behind, before = draw_person(200, 100), draw_person(320, 250)
    both = np.maximum(behind, before)
    set_masks(both, before, behind)
    assert cut_out([place_head(320, 250), place_head(200, 100)])[both > 0].mean() > 0.97


def test_a_face_belongs_to_one_head_only(set_masks: SetMasks) -> None:
    """The matte of each of two heads is empty on the other's face: its hair is not flattened over it."""
    first, second = place_head(180, 150), place_head(300, 160)
    both = np.maximum(draw_person(180, 150), draw_person(300, 160))
    set_masks(both, both, both)
    mattes, _ = cut_out_people(draw_coordinates(), [first, second])
    assert mattes[0][140:180, 290:310].max() < 0.1
    assert mattes[1][130:170, 170:190].max() < 0.1


@pytest.mark.parametrize(
    ("heads", "people"),
    [
        ([place_head(250, 120)], draw_person(250, 120) * (np.arange(SHAPE[0]) < 260)[:, None]),
        ([place_head(250, 180, 350)], draw_person(250, 180, 350)),
        ([place_head(250, 120)], np.zeros(SHAPE, np.float32)),
    ],
    ids=["a body that ends in mid-air", "a close-up", "a face that the model misses"],
)
def test_a_fragment_is_drawn_in_its_scene(set_masks: SetMasks, heads: list[Head], people: Mask) -> None:
    """A body that ends in mid-air, a close-up and a missed person are drawn with all that is around them."""
    people = people.astype(np.float32)
    set_masks(people, *[people] * len(heads))
    assert cut_out(heads).min() == 1


def test_a_scene_holds_as_much_of_the_photo_as_leaves_the_faces_large() -> None:
    """Four people near the camera are drawn with their whole photo; four far away with faces of 1/20 of its width."""
    crop, _ = crop_to_heads(GROUP, find_faces(GROUP))
    assert crop.shape[1] / crop.shape[0] == pytest.approx(GROUP.shape[1] / GROUP.shape[0], rel=0.05)
    far = cv2.copyMakeBorder(GROUP, 400, 900, 1500, 1500, cv2.BORDER_REPLICATE)
    faces = [dataclasses.replace(face, landmarks=np.add(face.landmarks, (1500, 400))) for face in find_faces(GROUP)]
    crop, heads = crop_to_heads(far, faces)
    assert len(heads) == 4
    assert heads[0].width / crop.shape[1] == pytest.approx(1 / MAX_SCENE_FACE_WIDTHS, rel=0.05)
    assert all((head.points > 0).all() and (head.points < crop.shape[1::-1]).all() for head in heads)


def test_a_tiny_face_is_drawn_in_its_scene() -> None:
    """A person with a face 25 px wide is drawn with the photo's own background, as far as it is shown."""
    far = cv2.resize(PHOTO, (140, 140), interpolation=cv2.INTER_AREA)
    picture = draw_avatar(far, find_faces(far))
    shown, _ = crop_to_heads(far, find_faces(far))
    same_size = cv2.resize(shown, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)
    assert np.abs(picture[:200].astype(float) - same_size[:200]).mean() < 12


def test_a_frame_below_a_photo_is_not_drawn() -> None:
    """The crop of a photo with a noisy white bar below ends with the photo: people do not stand on the bar."""
    photo = PHOTO[:220]
    bar = 250 - np.random.default_rng(0).integers(0, 5, (40, *photo.shape[1:])).astype(np.uint8)
    faces = find_faces(photo)
    assert np.array_equal(crop_to_heads(np.vstack([photo, bar]), faces)[0], crop_to_heads(photo, faces)[0])


@pytest.mark.parametrize("version", VERSIONS)
def test_everybody_of_a_group_is_drawn_in_its_scene(version: str) -> None:
    """A face detector finds four faces in the drawing of four people, and what is around them is not a backdrop."""
    picture = draw_avatar(GROUP, find_faces(GROUP), version)
    assert len(find_faces(picture)) == 4
    assert picture[:60, :, :].std((0, 1)).min() > 10
