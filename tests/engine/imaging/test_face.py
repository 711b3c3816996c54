import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage import data

from meitu_demo.engine.imaging.face import estimate_head_pose
from meitu_demo.engine.imaging.faces import Face, find_faces


@pytest.fixture(scope="module")
def face() -> Face:
    return find_faces(data.astronaut())[0]


def upright(face: Face) -> np.ndarray:
    """The mesh in space, (478, 3), with yaw, pitch and roll taken out."""
    space = np.column_stack([face.landmarks - face.centre, face.depth])
    return space @ about_z(-face.roll).T @ about_y(-face.yaw).T @ about_x(-face.pitch).T


def about_x(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def about_y(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])


def about_z(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])


def pose_of(space: np.ndarray) -> tuple[float, float, float]:
    return estimate_head_pose(space[:, :2].astype(np.float32), space[:, 2].astype(np.float32))


@given(st.floats(-45, 45))
def test_head_pose_recovers_yaw(face: Face, degrees: float) -> None:
    """A mesh turned about its upright axis has that yaw, positive when the nose goes to the image's right."""
    space = upright(face) @ about_y(degrees).T
    yaw, _, roll = pose_of(space)
    assert yaw == pytest.approx(degrees, abs=1.5)
    assert roll == pytest.approx(0, abs=1.5)
    if abs(degrees) > 10:
        assert np.sign(space[1, 0] - space[[234, 454], 0].mean()) == np.sign(degrees)


@given(st.floats(-30, 30))
def test_head_pose_recovers_pitch(face: Face, degrees: float) -> None:
    """A mesh that nods has that pitch, positive when the nose goes down, and neither yaw nor roll."""
    space = upright(face) @ about_x(degrees).T
    yaw, pitch, roll = pose_of(space)
    assert pitch == pytest.approx(degrees, abs=1.5)
    assert yaw == pytest.approx(0, abs=2)
    assert roll == pytest.approx(0, abs=1.5)
    if abs(degrees) > 10:
        nose_below_eyes = space[1, 1] - space[[33, 263], 1].mean()
        still = upright(face)
        assert np.sign(nose_below_eyes - (still[1, 1] - still[[33, 263], 1].mean())) == np.sign(degrees)


@given(st.floats(-179, 179), st.floats(0.2, 20))
def test_head_pose_recovers_roll_at_any_size(face: Face, degrees: float, size: float) -> None:
    """A mesh turned in the picture has that roll, clockwise positive, and the same yaw and pitch at every size."""
    yaw, pitch, roll = pose_of(size * upright(face) @ about_z(degrees).T)
    assert roll == pytest.approx(degrees, abs=1)
    assert yaw == pytest.approx(0, abs=1)
    assert pitch == pytest.approx(0, abs=1)


def test_head_pose_negates_yaw_and_roll_when_mirrored(face: Face) -> None:
    """The mirrored photo's head looks and leans the other way and nods the same."""
    mirrored = find_faces(np.ascontiguousarray(data.astronaut()[:, ::-1]))[0]
    assert mirrored.roll == pytest.approx(-face.roll, abs=2)
    assert mirrored.yaw == pytest.approx(-face.yaw, abs=4)
    assert mirrored.pitch == pytest.approx(face.pitch, abs=4)
