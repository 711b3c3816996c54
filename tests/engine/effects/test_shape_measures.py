from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.effects.shape_measures import MEASURES, ReferenceFace
from meitu_demo.engine.imaging.faces import Face, find_faces


@pytest.fixture(scope="module")
def face() -> Face:
    return find_faces(data.astronaut())[0]


def moved(face: Face, changes: dict[tuple[int, ...], tuple[float, float]]) -> list[float]:
    """Every measure's move when landmarks go by (x, y) face widths along the face."""
    roll = np.radians(face.roll)
    axes = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]]) * face.width
    landmarks = face.landmarks.astype(np.float64)
    for group, by in changes.items():
        landmarks[list(group)] += axes @ by
    return [measure.compute_change(landmarks, ReferenceFace.from_face(face)) for measure in MEASURES]


def test_shape_measures_of_an_unchanged_face_are_zero(face: Face) -> None:
    """Unchanged landmarks give no change."""
    assert moved(face, {}) == [0.0] * len(MEASURES)


@pytest.mark.parametrize(
    ("changes", "up", "down"),
    [
        ({(234, 93): (0.02, 0), (454, 323): (-0.02, 0)}, {0, 1}, set()),
        ({(152,): (0, -0.03)}, {3, 4}, {5}),
        ({(148, 176): (0.02, 0), (377, 400): (-0.02, 0)}, {1, 6}, set()),
        ({(172, 136): (0.02, 0), (397, 365): (-0.02, 0)}, {1, 7}, set()),
        ({(33, 263): (0, -0.02)}, {9}, {12}),
        ({(133, 362): (0, -0.02)}, {12}, {9}),
        ({(129, 64): (0.02, 0), (358, 294): (-0.02, 0)}, {14, 15}, set()),
        ({(2,): (0, -0.02)}, {16}, {20, 21}),
        ({(1,): (0, -0.02)}, {17}, set()),
        ({(61,): (0.02, 0), (291,): (-0.02, 0)}, {18}, {19}),
        ({(13, 14): (0, -0.02)}, {20}, set()),
        ({(0,): (0, -0.02)}, {19, 21}, set()),
    ],
)
def test_shape_measures_react_to_their_feature_only(
    face: Face, changes: dict[tuple[int, ...], tuple[float, float]], up: set[int], down: set[int]
) -> None:
    """Moving a feature by hand changes the measures that name it, in the promised direction, and no other much."""
    for number, move in enumerate(moved(face, changes)):
        if number in up:
            assert move > 1, number
        elif number in down:
            assert move < -1, number
        elif number not in {2, 8, 13}:  # share landmarks with what was moved
            assert abs(move) < 1, number


def test_shape_measures_see_larger_eyes(face: Face) -> None:
    """Scaling all eye landmarks about their centre raises the area and leaves the opening's ratio."""
    from meitu_demo.engine.effects.shape_measures import EYE_RINGS

    landmarks = face.landmarks.astype(np.float64)
    for ring in EYE_RINGS:
        middle = landmarks[list(ring)].mean(0)
        landmarks[list(ring)] = middle + 1.1 * (landmarks[list(ring)] - middle)
    assert MEASURES[8].compute_change(landmarks, ReferenceFace.from_face(face)) == pytest.approx(21, abs=0.01)
    assert MEASURES[13].compute_change(landmarks, ReferenceFace.from_face(face)) == pytest.approx(0, abs=0.01)
    assert MEASURES[10].compute_change(landmarks, ReferenceFace.from_face(face)) == pytest.approx(0, abs=0.01)


def test_shape_measures_are_independent_of_size_position_and_roll(face: Face) -> None:
    """A face twice as large, elsewhere and rotated by 30° has the same measures."""
    turn = np.radians(30)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    landmarks = (2 * face.landmarks @ rotation.T + (500, -40)).astype(np.float32)
    other = replace(face, landmarks=landmarks, roll=face.roll + 30)
    for measure in MEASURES:
        value = measure.read(face.landmarks.astype(np.float64), ReferenceFace.from_face(face))
        other_value = measure.read(landmarks.astype(np.float64), ReferenceFace.from_face(other))
        assert other_value == pytest.approx(value, rel=1e-3, abs=1e-3), measure.name


def test_shape_measures_table_is_complete() -> None:
    """There are 22 measures, each coupled with existing others only."""
    assert len(MEASURES) == 22
    for number, measure in enumerate(MEASURES):
        assert number not in measure.coupled_shapes
        assert all(0 <= other < 22 for other in measure.coupled_shapes)
        assert measure.direction in (-1, 1)
