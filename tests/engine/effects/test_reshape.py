from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from meitu_demo.domain.errors import ValueRejected
from meitu_demo.domain.vendor_codes import load_shapes
from meitu_demo.engine.effects.reshape import build_face_warp, reshape
from meitu_demo.engine.effects.shape_measures import MEASURES, ReferenceFace
from meitu_demo.engine.effects.shapes import SHAPES
from meitu_demo.engine.imaging.faces import Face, build_face, find_faces

EVERY_SHAPE = range(22)
STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
IRIS_RINGS = ((469, 470, 471, 472), (474, 475, 476, 477))


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return data.astronaut()


@pytest.fixture(scope="module")
def face(photo: np.ndarray) -> Face:
    return find_faces(photo)[0]


def placed(face: Face, size: float, tilt: float, centre: tuple[float, float], frame: tuple[int, int]) -> Face:
    """`face` moved: `size` times as large, turned by `tilt` degrees, centred at `centre` of a (height, width) frame."""
    turn = np.radians(tilt)
    matrix = size * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    landmarks = (face.landmarks - face.centre) @ matrix.T + centre
    return build_face(landmarks.astype(np.float32), (face.depth * size).astype(np.float32), frame)


def turned(face: Face, yaw: float, pitch: float) -> Face:
    """`face` (which nods by 11° itself) with its mesh turned in space and seen from the front again."""
    a, b = np.radians(yaw), np.radians(pitch)
    about_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    space = np.column_stack([face.landmarks - face.centre, face.depth]) @ (about_x @ about_y).T
    landmarks = (space[:, :2] + face.centre).astype(np.float32)
    return build_face(landmarks, space[:, 2].astype(np.float32), (512, 512))


@pytest.mark.parametrize("shape", EVERY_SHAPE)
def test_each_shape_moves_its_measure_and_hardly_any_other(photo: np.ndarray, face: Face, shape: int) -> None:
    """Carried through the exact field: 4 % or 3° at least, more with more strength, uncoupled ones under a third."""
    ruler, own = ReferenceFace.from_face(face), MEASURES[shape]
    carried = [
        build_face_warp(photo.shape, face, shape, strength).transform_points(face.landmarks) for strength in STRENGTHS
    ]
    moves = [own.compute_change(points, ruler) for points in carried]
    assert moves[0] == 0
    assert (np.diff(moves) > 0).all()
    assert moves[-1] >= own.min_change
    for number, other in enumerate(MEASURES):
        if number != shape and number not in own.coupled_shapes:
            assert abs(other.compute_change(carried[-1], ruler)) / other.min_change < moves[-1] / own.min_change / 3, (
                other.name
            )


@pytest.mark.parametrize("shape", EVERY_SHAPE)
def test_far_pixels_are_untouched_and_near_ones_are_not(photo: np.ndarray, face: Face, shape: int) -> None:
    """Beyond two face widths from the face's centre all bytes are equal; strength 0 leaves all of them."""
    assert np.array_equal(reshape(photo, face, shape, 0), photo)
    changed = (reshape(photo, face, shape, 1) != photo).any(-1)
    rows, columns = np.nonzero(changed)
    away = np.hypot(columns - face.centre[0], rows - face.centre[1])
    assert len(away) > 50
    assert away.max() < 2 * face.width


@given(
    shape=st.sampled_from(EVERY_SHAPE),
    frame=st.tuples(st.integers(48, 3500), st.integers(48, 4000)),
    share=st.floats(0.02, 1.5),
    tilt=st.floats(-45, 45),
    at=st.tuples(st.floats(-0.3, 1.3), st.floats(-0.3, 1.3)),
)
@settings(max_examples=150, deadline=None)
def test_nothing_folds_wherever_the_face_is(
    face: Face, shape: int, frame: tuple[int, int], share: float, tilt: float, at: tuple[float, float]
) -> None:
    """No fold in faces that touch or leave the frame, lean by 45°, are tiny, or fill 14 megapixels."""
    height, width = frame
    there = placed(face, share * min(frame) / face.width, tilt, (at[0] * width, at[1] * height), frame)
    warp = build_face_warp(frame, there, shape)
    assert warp.min_jacobian > 0.25
    moved = warp.transform_points(there.landmarks)
    assert np.allclose(moved + warp.gain * warp.field(moved), there.landmarks, atol=0.01)


@pytest.mark.parametrize("shape", EVERY_SHAPE)
@pytest.mark.parametrize(("yaw", "pitch"), [(34, 0), (-34, 0), (20, 13), (0, -34), (0, 13)])
def test_turned_and_nodding_heads_move_the_right_way_without_folds(
    face: Face, shape: int, yaw: float, pitch: float
) -> None:
    """Up to the limits of pose each shape still does its own thing on a smooth map."""
    there = turned(face, yaw, pitch)
    warp = build_face_warp((512, 512), there, shape)
    assert warp.min_jacobian > 0.25
    assert (
        MEASURES[shape].compute_change(warp.transform_points(there.landmarks), ReferenceFace.from_face(there))
        > MEASURES[shape].min_change / 2
    )


@pytest.mark.parametrize("shape", [1, 3, 8, 9, 19])
def test_tilt_and_size_change_nothing(face: Face, shape: int) -> None:
    """A tilted, larger face far from the frame's edge is reshaped just like the upright one."""
    frame = (3000, 3000)
    ends = []
    for size, tilt in ((1.0, 0.0), (3.0, 45.0)):
        there = placed(face, size, tilt, (1500, 1500), frame)
        move = build_face_warp(frame, there, shape).transform_points(there.landmarks) - there.landmarks
        turn = np.radians(tilt)
        back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        ends.append(move @ back.T / size)
    assert np.allclose(*ends, atol=0.02 * face.width * 0.05)


def test_irises_stay_round_when_eyes_grow(photo: np.ndarray, face: Face) -> None:
    """Bigger eyes keep round irises; taller ones nearly so, although the eye is only stretched upwards."""
    for shape, allowed in ((8, 0.01), (13, 0.06)):
        after = build_face_warp(photo.shape, face, shape).transform_points(face.landmarks)
        for right, top, left, bottom in IRIS_RINGS:
            ratios = [
                np.linalg.norm(points[right] - points[left]) / np.linalg.norm(points[top] - points[bottom])
                for points in (face.landmarks, after)
            ]
            assert abs(ratios[1] / ratios[0] - 1) < allowed


@pytest.mark.parametrize("shape", [0, 2, 8, 14, 19])
def test_the_picture_stays_as_sharp_as_it_was(photo: np.ndarray, face: Face, shape: int) -> None:
    """Resampling costs less than a tenth of the fine contrast where pixels move."""
    warped = reshape(photo, face, shape)
    rows, columns = np.nonzero((warped != photo).any(-1))
    part = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    before, after = (np.abs(np.diff(picture[part].astype(float), axis=0)).mean() for picture in (photo, warped))
    assert after > 0.9 * before


def test_only_the_face_that_was_meant_changes(photo: np.ndarray) -> None:
    """Of two faces the other one's pixels are untouched, whichever is picked."""
    pair = np.hstack([photo[:256, 100:356], photo[:256, 100:356][:, ::-1]])
    faces = find_faces(pair)
    assert len(faces) == 2
    for one, other in (faces, faces[::-1]):
        changed = (reshape(pair, one, 1) != pair).any(-1)
        x0, y0, x1, y1 = (int(bound) for bound in other.box)
        assert changed.any()
        assert not changed[y0:y1, x0:x1].any()


def test_bigger_eyes_are_seen_by_the_detector(photo: np.ndarray, face: Face) -> None:
    """Landmarks found anew in the reshaped photo agree about the sign."""
    for shape in (1, 8, 13, 16, 18, 19):
        again = find_faces(reshape(photo, face, shape))[0].landmarks.astype(np.float64)
        assert MEASURES[shape].compute_change(again, ReferenceFace.from_face(face)) > 0, MEASURES[shape].name


@pytest.mark.parametrize("strength", ["0.5", 0.5, np.float32(0.5), True])
def test_strength_may_come_as_text(photo: np.ndarray, face: Face, strength: object) -> None:
    """What reads as a number from 0 to 1 is one."""
    assert (reshape(photo, face, 8, strength) != photo).any()


@given(st.one_of(st.text(), st.floats(allow_nan=True), st.none(), st.integers()))
@settings(max_examples=80, deadline=None)
def test_any_other_strength_is_refused_by_name(photo: np.ndarray, face: Face, strength: object) -> None:
    """NaN, infinity, words and numbers out of range: a typed refusal or, for 0..1, a picture."""
    try:
        assert 0 <= float(strength) <= 1  # type: ignore[arg-type]
    except (AssertionError, TypeError, ValueError):
        with pytest.raises(ValueRejected, match="strength"):
            reshape(photo, face, 8, strength)
    else:
        assert reshape(photo, face, 8, strength).shape == photo.shape


@pytest.mark.parametrize("shape", [-1, 22, "x", None, float("nan"), float("inf"), 10**30])
def test_an_unknown_shape_is_refused(photo: np.ndarray, face: Face, shape: object) -> None:
    """Only 0..21 are shapes."""
    with pytest.raises(ValueRejected):
        reshape(photo, face, shape, 0.5)


@given(st.integers(48, 90), st.integers(48, 90), st.sampled_from(EVERY_SHAPE), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=60, deadline=None)
def test_small_pictures_with_a_face_anywhere_come_back_whole(
    face: Face, height: int, width: int, shape: int, x: float, y: float
) -> None:
    """Down to 48×48 and with the face partly or wholly outside: same size, same kind, no holes."""
    image = np.full((height, width, 3), 200, np.uint8)
    there = placed(face, 0.6, 10, (x * width, y * height), (height, width))
    result = reshape(image, there, shape)
    assert result.dtype == np.uint8
    assert (result == 200).all()  # a hole would be black, an overshoot brighter


def test_a_degenerate_mesh_is_no_crash(photo: np.ndarray, face: Face) -> None:
    """A mesh squeezed to a line still gives a picture: the guard scales the field down."""
    for squeeze in ((1.0, 0.02), (0.05, 1.0)):
        flat = replace(face, landmarks=(face.landmarks * squeeze + (50, 50)).astype(np.float32))
        for shape in EVERY_SHAPE:
            assert reshape(photo, flat, shape).shape == photo.shape


def test_every_shape_of_the_catalogue_is_declared() -> None:
    """There is a declaration and a measure for each row of the vendor's table."""
    assert len(SHAPES) == len(MEASURES) == len(load_shapes())
