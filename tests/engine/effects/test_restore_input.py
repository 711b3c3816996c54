"""Quality restoration takes whatever a camera or a joker sends."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from meitu_demo.engine.effects.restore import restore
from meitu_demo.engine.imaging.faces import Face
from meitu_demo.engine.sample_photos import degrade

Image = NDArray[np.uint8]
sides = st.integers(48, 130)


def face_at(x: float, y: float, size: float, turn: int = 0) -> Face:
    """A Face whose mesh points lie anywhere in a circle around (x, y)."""
    rng = np.random.default_rng(turn)
    angle, radius = rng.uniform(0, 2 * np.pi, 478), size * np.sqrt(rng.uniform(0, 1, 478))
    landmarks = np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], 1).astype(np.float32)
    return Face(landmarks, np.zeros(478, np.float32), 0.0, 0.0, 0.0)


@st.composite
def pictures(draw: st.DrawFn) -> Image:
    """Pictures that have nothing to hold on to: random, constant, one colour, ramps, checks, stripes, sparse dots."""
    height, width = draw(sides), draw(sides)
    kind = draw(st.sampled_from(["random", "constant", "ramp", "checks", "stripes", "dots", "two", "grey"]))
    low, high = sorted(draw(st.tuples(st.integers(0, 255), st.integers(0, 255))))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    y, x = np.mgrid[:height, :width]
    planes = {
        "random": lambda: rng.integers(low, high + 1, (height, width, 3)),
        "constant": lambda: np.full((height, width, 3), rng.integers(0, 256, 3)),
        "ramp": lambda: (low + (high - low) * x / width)[..., None].repeat(3, 2),
        "checks": lambda: np.where((x + y) % 2, low, high)[..., None].repeat(3, 2),
        "stripes": lambda: np.where(x % draw(st.integers(2, 16)) == 0, low, high)[..., None].repeat(3, 2),
        "dots": lambda: np.where(rng.random((height, width, 3)) < 0.02, high, low),
        "two": lambda: np.where((x < width // 2)[..., None], (low, 0, 0), (0, 0, high)),
        "grey": lambda: rng.integers(low, high + 1, (height, width, 1)).repeat(3, 2),
    }
    return planes[kind]().astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(
    picture=pictures(), faces=st.lists(st.builds(face_at, *[st.floats(-300, 400)] * 2, st.floats(0, 300)), max_size=2)
)
def test_restore_accepts_any_picture_with_any_faces(picture: Image, faces: list[Face]) -> None:
    """Whatever the pixels and wherever the faces: a picture of twice the size, without a warning or an error."""
    with np.errstate(all="raise", under="ignore"):
        restored = restore(picture, faces)
        degraded = degrade(picture)
    assert restored.dtype == np.uint8
    assert restored.shape == (2 * picture.shape[0], 2 * picture.shape[1], 3)
    assert degraded.shape == picture.shape


@given(colour=st.tuples(*[st.integers(0, 255)] * 3), height=sides, width=sides)
@settings(max_examples=40, deadline=None)
def test_restore_preserves_a_single_colour(colour: tuple[int, int, int], height: int, width: int) -> None:
    """A wall has no flaw: every pixel of it stays within one level."""
    picture = np.full((height, width, 3), colour, np.uint8)
    assert np.abs(restore(picture).astype(int) - colour).max() <= 1


@pytest.mark.parametrize("slope", [0.2, 0.3, 3.0])
def test_restore_preserves_gradients(slope: float) -> None:
    """A smooth ramp, however long or steep, gets no steps, holes or ringing."""
    ramp = np.clip(np.arange(1200) * slope, 0, 255)[None, :, None].repeat(300, 0).repeat(3, 2).astype(np.uint8)
    restored = restore(ramp, enlarge=False)
    assert np.abs(restored.astype(int) - ramp).max() <= max(2, 2 * slope)


def test_restore_adds_no_tint_to_grey() -> None:
    """A noisy, dark, grey photo stays grey."""
    grey = np.dstack([data.camera()] * 3)
    dark = degrade(grey)[..., :1].repeat(3, 2)
    restored = restore(dark).astype(int)
    assert np.ptp(restored, axis=2).max() <= 1


def test_restore_ignores_faces_outside_the_frame_or_broken() -> None:
    """A face beyond the frame, of no size, or with points that are not finite is skipped."""
    photo = data.astronaut()
    broken = face_at(200, 100, 60)
    broken.landmarks[5] = np.nan
    plain = restore(photo)
    for face in (face_at(9000, 9000, 50), face_at(100, 100, 0), broken):
        assert np.array_equal(restore(photo, (face,)), plain)


def test_restore_accepts_views_and_odd_sizes() -> None:
    """Mirrored views, cropped views and odd sizes need no copy by the caller."""
    photo = cv2.resize(data.chelsea(), (463, 311))
    assert restore(photo[:, ::-1]).shape == (622, 926, 3)
    assert restore(photo[11:180, 3:99], enlarge=False).shape == (169, 96, 3)
