import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from meitu_demo.engine.imaging.warp import Array, Field, build_warp, smootherstep

CENTRE, REACH = np.array([150.0, 120.0]), 60.0
BOUNDS = (90.0, 60.0, 210.0, 180.0)


def bump(push: tuple[float, float]) -> Field:
    """A backward field that displaces by `push` at CENTRE and fades to zero at REACH."""

    def field(positions: Array) -> Array:
        distance = np.linalg.norm(positions - CENTRE.astype(positions.dtype), axis=1)
        return np.asarray(-np.array(push, positions.dtype) * smootherstep(1 - distance / REACH)[:, None])

    return field


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return data.astronaut()[:300, :400]


def test_warp_changes_no_byte_outside_the_bounds(picture: np.ndarray) -> None:
    """A warp changes nothing outside the field's bounds, and something inside."""
    warped = build_warp(bump((9, 5)), BOUNDS, picture.shape, 20).apply(picture)
    changed = (warped != picture).any(-1)
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 1000
    assert columns.min() >= BOUNDS[0]
    assert rows.min() >= BOUNDS[1]
    assert columns.max() <= BOUNDS[2]
    assert rows.max() <= BOUNDS[3]


def test_warp_with_strength_0_copies_the_picture(picture: np.ndarray) -> None:
    """Strength 0 returns equal pixels in a new array."""
    warped = build_warp(bump((9, 5)), BOUNDS, picture.shape, 20, 0).apply(picture)
    assert np.array_equal(warped, picture)
    assert not np.shares_memory(warped, picture)


def test_carry_moves_points_with_the_pixels() -> None:
    """A dot drawn on the picture is found, after the warp, at the position that `carry` returns."""
    warp = build_warp(bump((9, 5)), BOUNDS, (300, 400), 20)
    for point in ([150, 120], [130, 110], [165, 150], [20, 30]):
        canvas = np.zeros((300, 400, 3), np.uint8)
        cv2.circle(canvas, point, 4, (255, 255, 255), -1, cv2.LINE_AA)
        weights = warp.apply(canvas)[..., 0].astype(float)
        rows, columns = np.mgrid[:300, :400]
        seen = np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()
        assert np.allclose(seen, warp.transform_points(np.array([point], float))[0], atol=0.5)


def test_carry_inverts_the_field() -> None:
    """A carried point, mapped back through the field, is at its start."""
    field = bump((9, 5))
    warp = build_warp(field, BOUNDS, (300, 400), 20)
    start = np.random.default_rng(0).uniform((60, 40), (240, 200), (200, 2))
    moved = warp.transform_points(start)
    assert np.allclose(moved + warp.gain * field(moved), start, atol=1e-3)


def test_warp_grid_matches_the_field_at_every_pixel(picture: np.ndarray) -> None:
    """Interpolation of the field between grid nodes changes next to nothing, also when a cell spans many pixels."""
    large = cv2.resize(picture, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)

    def field(positions: Array) -> Array:
        return bump((9, 5))(positions / 3) * 3

    warp = build_warp(field, tuple(3 * bound for bound in BOUNDS), large.shape, 60)
    positions = np.stack(np.meshgrid(np.arange(1200), np.arange(900)), -1).astype(np.float32)
    sources = positions + field(positions.reshape(-1, 2)).reshape(positions.shape)
    exact = cv2.remap(large, sources, np.empty(0, np.float32), cv2.INTER_CUBIC)
    assert np.abs(warp.apply(large).astype(int) - exact).mean() < 0.02


@given(st.floats(-400, 400), st.floats(-400, 400))
@settings(max_examples=60, deadline=None)
def test_warp_never_folds_the_picture(x: float, y: float) -> None:
    """However far a field displaces, the final map has no fold and reads no pixel outside the frame."""
    warp = build_warp(bump((x, y)), BOUNDS, (150, 200), 20)  # the frame cuts the field
    assert warp.min_jacobian > 0.25
    positions = np.stack(np.meshgrid(np.arange(200.0), np.arange(150.0)), -1)
    offsets = warp.gain * warp.field(positions.reshape(-1, 2)).reshape(positions.shape)
    across, down = np.diff(offsets, axis=1)[:-1], np.diff(offsets, axis=0)[:, :-1]
    determinant = (1 + across[..., 0]) * (1 + down[..., 1]) - across[..., 1] * down[..., 0]
    assert determinant.min() > 0.25
    assert determinant.max() < 4
    assert ((positions + offsets >= -1e-3) & (positions + offsets <= (199.001, 149.001))).all()


def test_warp_moves_more_with_more_strength_under_the_fold_guard() -> None:
    """The guard limits the field at strength 1 and strength scales the result: no plateau, no step back."""
    reaches = []
    for strength in np.linspace(0, 1, 9):
        warp = build_warp(bump((300, 0)), BOUNDS, (300, 400), 20, float(strength))
        reaches.append(warp.transform_points(CENTRE[None])[0, 0])
    assert (np.diff(reaches) > 0).all()


def test_warp_outside_the_frame_changes_nothing(picture: np.ndarray) -> None:
    """Bounds that miss the picture are no error."""

    def field(positions: Array) -> Array:
        return bump((9, 5))(positions + np.array([900, 0], positions.dtype))

    warp = build_warp(field, (-810.0, 60.0, -690.0, 180.0), picture.shape, 20)
    assert np.array_equal(warp.apply(picture), picture)


def test_warp_accepts_a_very_long_picture() -> None:
    """More columns than OpenCV can remap from are accepted."""
    strip = np.random.default_rng(0).integers(0, 255, (200, 40000, 3), np.uint8)

    def field(positions: Array) -> Array:
        return bump((9, 5))(positions - np.array([39000, 0], positions.dtype))

    warped = build_warp(field, (39090.0, 60.0, 39210.0, 180.0), strip.shape, 20).apply(strip)
    changed = np.nonzero((warped != strip).any((0, 2)))[0]
    assert changed.min() >= 39090
    assert changed.max() <= 39210
