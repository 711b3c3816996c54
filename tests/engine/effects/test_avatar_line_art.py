"""Lines and mattes of the avatar, without the network."""

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.effects.avatar import matte
from meitu_demo.engine.effects.avatar.flatten import Portrait
from meitu_demo.engine.effects.avatar.head import EYELIDS, EYES, Head, draw_stroke
from meitu_demo.engine.effects.avatar.line_art import draw_eyes
from meitu_demo.engine.imaging.faces import find_faces

FACE = find_faces(data.astronaut())[0]


@pytest.mark.parametrize(("openings", "count"), [((0.05, 0.22), 0), ((0.05, 0.45), 1), ((0.3, 0.45), 2)])
def test_a_narrow_eye_is_a_wink_only_beside_an_open_one(openings: tuple[float, float], count: int) -> None:
    """Two narrow eyes are both closed in laughter; with one eye open the other one winks."""
    points = FACE.landmarks.astype(float) * 4
    for lids, opening in zip(EYELIDS, openings, strict=True):
        indices = list({*lids[0], *lids[1]})
        middle = (points[lids[0][0]] + points[lids[0][-1]]) / 2
        width = np.linalg.norm(points[lids[0][0]] - points[lids[0][-1]])
        points[indices, 1] = middle[1] + (points[indices, 1] - middle[1]) * opening * width / np.ptp(points[indices, 1])
    head = Head(points - points.min(0) + 20)
    shape = (int(np.ptp(points[:, 1])) + 40, int(np.ptp(points[:, 0])) + 40)
    picture = np.full((*shape, 3), 0.4, np.float32)
    skin, iris = np.array((43, 0, 0), np.float32), np.array((30, 5, 10), np.float32)
    draw_eyes(picture, Portrait(head, skin, iris, (True, True)))
    whites = [bool((picture.max(2)[head.fill(eye, shape) > 0.5] > 0.8).any()) for eye in EYES]
    assert sum(whites) == count


@pytest.mark.parametrize("side", [-1, 1])
def test_the_back_of_a_turned_head_is_not_cut(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a skull that reaches 1.45 face widths behind the middle of a turned face nearly everything is kept."""
    turn = np.radians(45) * side
    depth = FACE.depth - FACE.depth.mean()
    points = FACE.landmarks - FACE.landmarks.mean(0)
    head = Head(np.stack([points[:, 0] * np.cos(turn) + depth * np.sin(turn), points[:, 1]], 1) + 250)
    skull = np.zeros((500, 500), np.uint8)
    behind = head.middle + side * 0.55 * head.width * head.right
    cv2.circle(skull, behind.round().astype(int).tolist(), round(0.9 * head.width), 255, -1)
    monkeypatch.setattr(matte, "compute_person_matte", lambda image: image[..., 0].astype(np.float32) / 255)
    monkeypatch.setattr(matte, "compute_single_person_mask", lambda _: None)
    (kept,), _ = matte.cut_out_people(cv2.merge([skull] * 3), [head])
    assert kept[skull > 0].mean() > 0.98


def test_stroke_is_even_whatever_its_slope() -> None:
    """A slanted line 2 px wide covers about as much of every column, and the frame's edges cut it."""
    line = np.stack([np.linspace(-5, 65, 40), np.linspace(10, 24, 40)], 1)
    mask = draw_stroke((40, 60), line, np.full(40, 2.0))
    columns = mask.sum(0)
    assert 1.9 < columns.mean() < 2.5
    assert columns.std() < 0.1
    assert not draw_stroke((40, 60), line + 500, np.full(40, 2.0)).any()
