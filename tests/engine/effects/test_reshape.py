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
def test_reshape_changes_the_shapes_measure_and_hardly_any_other(photo: np.ndarray, face: Face, shape: int) -> None:
    """By the exact warp: at least 4 % or 3°, rising with strength, and uncoupled measures by less than a third
    of it.
    """
    ruler, measure = ReferenceFace.from_face(face), MEASURES[shape]
    carried = [
        build_face_warp(photo.shape, face, shape, strength).transform_points(face.landmarks) for strength in STRENGTHS
    ]
    moves = [measure.compute_change(points, ruler) for points in carried]
    assert moves[0] == 0
    assert (np.diff(moves) > 0).all()
    assert moves[-1] >= measure.min_change
    for number, other in enumerate(MEASURES):
        if number != shape and number not in measure.coupled_shapes:
            share = abs(other.compute_change(carried[-1], ruler)) / other.min_change / moves[-1] * measure.min_change
            assert share < 1 / 3, other.name


@pytest.mark.parametrize("shape", EVERY_SHAPE)
def test_reshape_changes_pixels_near_the_face_only(photo: np.ndarray, face: Face, shape: int) -> None:
    """Beyond two face widths from the face's centre all bytes are equal; at strength 0 all of them are."""
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
    centre=st.tuples(st.floats(-0.3, 1.3), st.floats(-0.3, 1.3)),
)
@settings(max_examples=150, deadline=None)
def test_reshape_never_folds_the_picture(
    face: Face, shape: int, frame: tuple[int, int], share: float, tilt: float, centre: tuple[float, float]
) -> None:
    """No fold for faces that touch or leave the frame, lean by 45°, are tiny, or fill 14 megapixels."""
    height, width = frame
    posed = placed(face, share * min(frame) / face.width, tilt, (centre[0] * width, centre[1] * height), frame)
    warp = build_face_warp(frame, posed, shape)
    assert warp.min_jacobian > 0.25
    moved = warp.transform_points(posed.landmarks)
    assert np.allclose(moved + warp.gain * warp.field(moved), posed.landmarks, atol=0.01)


@pytest.mark.parametrize("shape", EVERY_SHAPE)
@pytest.mark.parametrize(("yaw", "pitch"), [(34, 0), (-34, 0), (20, 13), (0, -34), (0, 13)])
def test_reshape_works_on_turned_and_nodding_heads(face: Face, shape: int, yaw: float, pitch: float) -> None:
    """Up to the pose limits each shape changes its measure in the right direction without folds."""
    posed = turned(face, yaw, pitch)
    warp = build_face_warp((512, 512), posed, shape)
    assert warp.min_jacobian > 0.25
    assert (
        MEASURES[shape].compute_change(warp.transform_points(posed.landmarks), ReferenceFace.from_face(posed))
        > MEASURES[shape].min_change / 2
    )


@pytest.mark.parametrize("shape", [1, 3, 8, 9, 19])
def test_reshape_is_independent_of_roll_and_size(face: Face, shape: int) -> None:
    """A rotated, larger face far from the frame's edge is reshaped just like the upright one."""
    frame = (3000, 3000)
    ends = []
    for size, tilt in ((1.0, 0.0), (3.0, 45.0)):
        posed = placed(face, size, tilt, (1500, 1500), frame)
        move = build_face_warp(frame, posed, shape).transform_points(posed.landmarks) - posed.landmarks
        turn = np.radians(tilt)
        back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        ends.append(move @ back.T / size)
    assert np.allclose(*ends, atol=0.02 * face.width * 0.05)


def test_reshape_keeps_irises_round(photo: np.ndarray, face: Face) -> None:
    """Bigger eyes keep round irises; taller ones nearly so, although the eye is only stretched vertically."""
    for shape, allowed in ((8, 0.01), (13, 0.06)):
        after = build_face_warp(photo.shape, face, shape).transform_points(face.landmarks)
        for right, top, left, bottom in IRIS_RINGS:
            ratios = [
                np.linalg.norm(points[right] - points[left]) / np.linalg.norm(points[top] - points[bottom])
                for points in (face.landmarks, after)
            ]
            assert abs(ratios[1] / ratios[0] - 1) < allowed


@pytest.mark.parametrize("shape", [0, 2, 8, 14, 19])
def test_reshape_preserves_sharpness(photo: np.ndarray, face: Face, shape: int) -> None:
    """Resampling costs less than a tenth of the fine contrast where pixels move."""
    warped = reshape(photo, face, shape)
    rows, columns = np.nonzero((warped != photo).any(-1))
    part = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    before, after = (np.abs(np.diff(picture[part].astype(float), axis=0)).mean() for picture in (photo, warped))
    assert after > 0.9 * before


def test_reshape_changes_the_given_face_only(photo: np.ndarray) -> None:
    """Of two faces the other one's pixels are untouched, whichever is picked."""
    pair = np.hstack([photo[:256, 100:356], photo[:256, 100:356][:, ::-1]])
    faces = find_faces(pair)
    assert len(faces) == 2
    for one, other in (faces, faces[::-1]):
        changed = (reshape(pair, one, 1) != pair).any(-1)
        x0, y0, x1, y1 = (int(bound) for bound in other.box)
        assert changed.any()
        assert not changed[y0:y1, x0:x1].any()


def test_reshape_is_visible_to_the_face_detector(photo: np.ndarray, face: Face) -> None:
    """Landmarks detected again in the reshaped photo changed in the promised direction."""
    for shape in (1, 8, 13, 16, 18, 19):
        again = find_faces(reshape(photo, face, shape))[0].landmarks.astype(np.float64)
        assert MEASURES[shape].compute_change(again, ReferenceFace.from_face(face)) > 0, MEASURES[shape].name


@pytest.mark.parametrize("strength", [0.5, np.float32(0.5), True])
def test_reshape_accepts_any_number_0_to_1_as_strength(photo: np.ndarray, face: Face, strength: object) -> None:
    """A numpy float or a bool is a number from 0 to 1 too."""
    assert (reshape(photo, face, 8, strength) != photo).any()


@given(st.one_of(st.floats(allow_nan=True), st.integers()))
@settings(max_examples=80, deadline=None)
def test_reshape_rejects_any_other_strength(photo: np.ndarray, face: Face, strength: float) -> None:
    """NaN, infinity and numbers out of range raise ValueRejected that names the strength; 0..1 gives a
    picture.
    """
    if 0 <= strength <= 1:
        assert reshape(photo, face, 8, strength).shape == photo.shape
    else:
        with pytest.raises(ValueRejected, match="strength"):
            reshape(photo, face, 8, strength)


@pytest.mark.parametrize("shape", [-1, 22, "x", None, float("nan"), float("inf"), 10**30])
def test_reshape_rejects_an_unknown_shape(photo: np.ndarray, face: Face, shape: object) -> None:
    """Only 0..21 are shapes."""
    with pytest.raises(ValueRejected):
        reshape(photo, face, shape, 0.5)


@given(st.integers(48, 90), st.integers(48, 90), st.sampled_from(EVERY_SHAPE), st.floats(-2, 2), st.floats(-2, 2))
@settings(max_examples=60, deadline=None)
def test_reshape_leaves_no_holes_in_small_pictures(
    face: Face, height: int, width: int, shape: int, x: float, y: float
) -> None:
    """Down to 48×48, with the face partly or wholly outside: same size, same type, no holes."""
    image = np.full((height, width, 3), 200, np.uint8)
    posed = placed(face, 0.6, 10, (x * width, y * height), (height, width))
    result = reshape(image, posed, shape)
    assert result.dtype == np.uint8
    assert (result == 200).all()  # a hole would be black, an overshoot brighter


def test_reshape_survives_a_degenerate_mesh(photo: np.ndarray, face: Face) -> None:
    """A mesh squeezed to a line still gives a picture: the fold guard scales the warp down."""
    for squeeze in ((1.0, 0.02), (0.05, 1.0)):
        flat = replace(face, landmarks=(face.landmarks * squeeze + (50, 50)).astype(np.float32))
        for shape in EVERY_SHAPE:
            assert reshape(photo, flat, shape).shape == photo.shape


def test_reshape_declares_every_shape_of_the_vendor() -> None:
    """Each row of the vendor's table has a declaration and a measure."""
    assert len(SHAPES) == len(MEASURES) == len(load_shapes())


@pytest.mark.parametrize("shape", [0, 1, 2, 7])
def test_slimming_shapes_fade_gently_beside_the_face(photo: np.ndarray, face: Face, shape: int) -> None:
    """Beside the face the movement changes by less than a fifth of the way, so that straight hair stays straight."""
    warp = build_face_warp(photo.shape, face, shape)
    _, y0, x1, y1 = face.box
    x, y = np.meshgrid(np.arange(x1, x1 + 0.5 * face.width), np.arange(y0, y1))
    offsets = warp.gain * warp.field(np.stack([x, y], -1).reshape(-1, 2)).reshape(*x.shape, 2)
    assert np.abs(offsets[..., 0]).max() > 0.01 * face.width
    assert np.abs(np.diff(offsets[..., 0], axis=1)).max() < 0.2


@pytest.mark.parametrize(
    ("shape", "min_change"), [(9, 8), (10, 9), (11, 9), (12, 8), (14, 18), (15, 18), (17, 9), (21, 18)]
)
def test_subtle_shapes_are_visible(photo: np.ndarray, face: Face, shape: int, min_change: float) -> None:
    """The shapes of eyes, nose and philtrum change their measure by what people notice, in per cent or degrees."""
    points = build_face_warp(photo.shape, face, shape).transform_points(face.landmarks)
    assert MEASURES[shape].compute_change(points, ReferenceFace.from_face(face)) > min_change
