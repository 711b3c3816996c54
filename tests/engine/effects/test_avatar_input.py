"""Whatever the picture and wherever the face, there is a drawing."""

from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from skimage import data

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.engine.effects.avatar.draw import draw_avatar
from meitu_demo.engine.imaging.faces import Face, build_face, find_faces

PHOTO = data.astronaut()


@cache
def shape_of_a_face() -> tuple[np.ndarray, np.ndarray]:
    """The astronaut's mesh about its middle, one face width wide, and its depth."""
    face = find_faces(PHOTO)[0]
    return (face.landmarks - face.landmarks[:468].mean(0)) / face.width, face.depth / face.width


def placed(shape: tuple[int, int], x: float, y: float, width: float, roll: float, squeeze: float) -> Face:
    points, depth = shape_of_a_face()
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    landmarks = points * (squeeze, 1) * width @ turn.T + (x * shape[1], y * shape[0])
    return build_face(landmarks.astype(np.float32), (depth * width).astype(np.float32), shape)


def picture(kind: str, height: int, width: int) -> np.ndarray:
    if kind == "black":
        return np.zeros((height, width, 3), np.uint8)
    if kind == "white":
        return np.full((height, width, 3), 255, np.uint8)
    if kind == "noise":
        return np.random.default_rng(height * width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    rows, columns = np.arange(height) % PHOTO.shape[0], np.arange(width) % PHOTO.shape[1]
    return np.ascontiguousarray(PHOTO[rows][:, columns])


sides = st.integers(48, 700)
faces_ = st.tuples(
    st.floats(-0.4, 1.4), st.floats(-0.4, 1.4), st.floats(4, 900), st.floats(-3.2, 3.2), st.floats(0.3, 1.0)
)


@settings(max_examples=10, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(["photo", "black", "white", "noise"]),
    height=sides,
    width=sides,
    where=st.lists(faces_, min_size=1, max_size=3),
    version=st.sampled_from(["1.0.0", "2.0.0"]),
)
def test_any_picture_and_any_place_of_the_face(
    kind: str, height: int, width: int, where: list[tuple[float, float, float, float, float]], version: str
) -> None:
    """Faces in, partly in or outside any picture of at least 48 px: a drawing without holes, never an exception."""
    image = picture(kind, height, width)
    result = draw_avatar(image, [placed((height, width), *face) for face in where], version)
    assert result.dtype == np.uint8
    assert result.shape[2] == 3
    assert min(result.shape[:2]) >= 16
    assert max(result.shape[:2]) <= 1120
    assert result.flags.c_contiguous
    assert np.ptp(result) > 0 or np.ptp(image) == 0  # in their scene, people of one colour are of one colour


def test_the_smallest_and_the_longest_pictures() -> None:
    """48×48, a strip and a tower, with the face in the middle."""
    for height, width in ((48, 48), (48, 3000), (3000, 48)):
        result = draw_avatar(picture("photo", height, width), [placed((height, width), 0.5, 0.5, 40, 0, 1)])
        assert min(result.shape[:2]) >= 16


def test_the_same_photo_gives_the_same_drawing() -> None:
    """Nothing is left to chance, and the photo is not written into."""
    photo = PHOTO.copy()
    first, second = (draw_avatar(photo, find_faces(PHOTO), "2.0.0") for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(photo, PHOTO)


def test_an_unknown_version_is_refused() -> None:
    """A version that does not exist names those that do."""
    with pytest.raises(ValueRejected) as caught:
        draw_avatar(PHOTO, find_faces(PHOTO), "3.0.0")
    assert caught.value.facts["allowed"] == "1.0.0, 2.0.0"
