"""What is measured from two pictures, held against the exact field that made one of the other."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from skimage import data

from meitu_demo.engine.effects.displacement import MEASURE_INDEX_BY_NAME, FaceDisplacement, measure_displacement
from meitu_demo.engine.effects.reshape import build_face_warp
from meitu_demo.engine.effects.shape_measures import MEASURES, ReferenceFace
from meitu_demo.engine.imaging.faces import Face, find_faces
from meitu_demo.engine.imaging.optical_flow import track_landmarks
from meitu_demo.photos import codec


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return codec.decode(codec.encode(data.astronaut()))


@pytest.fixture(scope="module")
def face(photo: np.ndarray) -> Face:
    return find_faces(photo)[0]


def saved(image: np.ndarray, quality: int = 90) -> np.ndarray:
    """`image` as it comes back from a JPEG."""
    return codec.decode(codec.encode(image, quality=quality))


def brighter(image: np.ndarray) -> np.ndarray:
    return saved((255 * (image / 255) ** 0.8).astype(np.uint8))


def softer(image: np.ndarray) -> np.ndarray:
    return saved(cv2.GaussianBlur(image, (0, 0), 1))


def noisy(image: np.ndarray) -> np.ndarray:
    grain = np.random.default_rng(1).normal(0, 4, image.shape)
    return saved(np.clip(image + grain, 0, 255).astype(np.uint8))


def smaller(image: np.ndarray) -> np.ndarray:
    return saved(cv2.resize(image, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA))


def test_displacement_tracks_landmarks_close_to_the_exact_warp(photo: np.ndarray, face: Face) -> None:
    """For all 22 shapes at strength 1, tracked landmarks are far nearer to the exact warp than landmarks detected
    again, and the shape's measure is read.
    """
    landmarks, ruler = face.landmarks.astype(np.float64), ReferenceFace.from_face(face)
    errors, anew, shares = [], [], []
    for shape in range(22):
        warp = build_face_warp(photo.shape, face, shape)
        result, truth = saved(warp.apply(photo)), warp.transform_points(landmarks)
        followed = landmarks + track_landmarks(photo, result, face)[0]
        errors.append(np.sqrt(((followed - truth) ** 2).sum(1).mean()))
        if shape % 5 == 0:
            anew.append(np.sqrt(((find_faces(result)[0].landmarks - truth) ** 2).sum(1).mean()))
        measure = MEASURES[shape]
        shares.append(measure.compute_change(followed, ruler) / measure.compute_change(truth, ruler))
    print(
        f"followed: {np.mean(errors):.3f} px (worst shape {max(errors):.3f}); found anew {np.mean(anew):.3f} px; face "
        f"{face.width:.0f} px wide; own measure read as {np.mean(shares):.2f} of the truth (least {min(shares):.2f})"
    )
    assert np.mean(errors) < 0.15
    assert max(errors) < 0.3
    assert np.mean(errors) < np.mean(anew) / 2
    assert np.mean(shares) > 0.88
    assert 0.65 < min(shares) <= max(shares) < 1.15


@pytest.mark.parametrize("treat", [saved, brighter, softer, noisy, smaller, lambda image: saved(image, 60)])
def test_displacement_of_an_unchanged_face_is_none(
    photo: np.ndarray, face: Face, treat: Callable[[np.ndarray], np.ndarray]
) -> None:
    """A re-encoded, brighter, softer, grainier or smaller picture is comparable and shows no movement."""
    moved = measure_displacement(photo, treat(photo), face)
    assert moved.is_comparable
    assert not len(moved.starts)
    assert not moved.changes


@pytest.mark.parametrize("treat", [saved, smaller])
@pytest.mark.parametrize(
    ("shape", "name", "sign"),
    [(0, "cheekbones", -1), (5, "chin_length", 1), (8, "eye_size", 1), (9, "eye_tilt", 1), (18, "mouth_width", -1)],
)
def test_displacement_names_the_changed_measure_and_points_arrows_along_the_warp(
    photo: np.ndarray, face: Face, treat: Callable[[np.ndarray], np.ndarray], shape: int, name: str, sign: int
) -> None:
    """The shape's measure is among the few reported changes, and no arrow is far off the exact direction."""
    warp = build_face_warp(photo.shape, face, shape)
    moved = measure_displacement(photo, treat(warp.apply(photo)), face)
    reported = {change.name: change.amount for change in moved.changes}
    assert reported[name] * sign > 0
    assert len(reported) <= 4
    off = np.linalg.norm(moved.starts + moved.vectors - warp.transform_points(moved.starts), axis=1)
    assert np.median(off) < 0.01 * face.width
    assert moved.exaggeration >= 1


def test_displacement_is_not_comparable_with_another_picture(photo: np.ndarray, face: Face) -> None:
    """A picture without that face at that position gives no arrows."""
    moved: FaceDisplacement = measure_displacement(photo, photo[:, ::-1].copy(), face)
    assert not moved.is_comparable
    assert not len(moved.starts)
    assert not measure_displacement(photo, np.full_like(photo, 128), face).changes


def test_displacement_names_cover_each_measure_once() -> None:
    """Shapes that share a measure share its name."""
    assert len(set(MEASURE_INDEX_BY_NAME.values())) == len(MEASURE_INDEX_BY_NAME)
    assert set(range(22)) - set(MEASURE_INDEX_BY_NAME.values()) == {5, 11, 12}
